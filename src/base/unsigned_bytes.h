// Converts text to the bytes that OpenSSL and libsodium take. Pure function; safe from any thread.
#pragma once

#include <string>
#include <string_view>

namespace metergate {

// Never a null pointer, not even for an empty text: OpenSSL takes null as "keep the old value".
inline const unsigned char* unsigned_bytes(std::string_view bytes) {
  static constexpr unsigned char kNothing = 0;
  return bytes.empty() ? &kNothing : reinterpret_cast<const unsigned char*>(bytes.data());
}

inline unsigned char* unsigned_bytes(std::string& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

}  // namespace metergate
