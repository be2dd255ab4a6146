// HmacKey: HMAC-SHA-256 under one key, whose two pads are hashed once and not for each message.
// Never changed after it was made; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "base/crypto.h"

namespace metergate {

class HmacKey {
 public:
  using Mac = std::array<unsigned char, kSha256Size>;

  explicit HmacKey(std::string_view secret);
  ~HmacKey();  // leaves nothing of the key in memory
  HmacKey(const HmacKey&) = delete;
  HmacKey& operator=(const HmacKey&) = delete;

  Mac mac(std::string_view message) const;

 private:
  struct State {  // SHA-256 after one block, as OpenSSL keeps it
    alignas(8) std::array<unsigned char, 112> bytes{};
  };
  State inner_;  // after the block of the key and 0x36
  State outer_;  // after the block of the key and 0x5C
};

}  // namespace metergate
