// Sha256Stream: the SHA-256 of bytes that come in pieces. One thread.
#pragma once

#include <string>
#include <string_view>

namespace metergate {

class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(const Sha256Stream&) = delete;
  Sha256Stream& operator=(const Sha256Stream&) = delete;

  void add(std::string_view bytes);
  // The 32 bytes of the hash; the stream begins anew.
  std::string finish();

 private:
  void begin();
  void* context_;
};

}  // namespace metergate
