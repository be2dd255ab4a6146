// SecretKeys: keys that seal secrets which must be kept and read again, such as a webhook's; so
// that a copy of the data alone does not give them away. Immutable; safe from any thread.
//
//   file    = lines of a key each: the base64 of 32 bytes; # begins a comment. The first key
//             seals, all open: a new key goes to the top, and an old one may go once nothing needs
//             it.
//   sealed  = "sealed1." name "." base64url(nonce:24 bytes ciphertext)    XChaCha20-Poly1305
//   name    = the first 8 hexadecimal digits of the SHA-256 of the key, which is no help to guess
//   it
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace metergate {

class SecretKeys {
 public:
  SecretKeys() = default;  // none: secrets stay as they are
  // ErrorCode::invalid names the line and its fault, never its content.
  static Result<SecretKeys> parse(std::string_view text);

  bool is_empty() const { return keys_.empty(); }
  // Names of the keys; the first one seals.
  std::vector<std::string> names() const;
  // ErrorCode::invalid if no key has that name, saying which there are.
  Result<> check_has(std::string_view name) const;
  // `place` is where it is kept: sealed for one, it does not open for another. Without keys, or
  // sealed already, it stays as it is.
  std::string seal(std::string_view secret, std::string_view place) const;
  // A secret that is not sealed is its own text. ErrorCode::invalid if no key of that name is here;
  // corrupt if it was changed or belongs to another place.
  Result<std::string> open(std::string_view kept, std::string_view place) const;

 private:
  struct Key {
    std::string name;
    std::string bytes;
  };
  std::vector<Key> keys_;
};

// The name of the key that sealed it; nothing if it is not sealed.
std::optional<std::string> sealing_key_of(std::string_view kept);

}  // namespace metergate
