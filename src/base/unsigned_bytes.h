// Text as OpenSSL and libsodium take bytes. Functions; any thread.
#pragma once

#include <string>
#include <string_view>

namespace metergate {

// Of an empty text, too, no null pointer: OpenSSL reads that as "keep the old value".
inline const unsigned char* unsigned_bytes(std::string_view bytes) {
  static constexpr unsigned char kNothing = 0;
  return bytes.empty() ? &kNothing : reinterpret_cast<const unsigned char*>(bytes.data());
}

inline unsigned char* unsigned_bytes(std::string& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

}  // namespace metergate
