// Hashes, message authentication, signatures, passwords and random bytes: OpenSSL and libsodium
// behind plain functions. Bytes travel as std::string / string_view. Safe from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace metergate {

inline constexpr std::size_t kSha256Size = 32;  // bytes

std::string random_bytes(std::size_t count);
std::string sha256(std::string_view bytes);  // 32 bytes
std::string to_hex(std::string_view bytes);
std::string hmac_sha256(std::string_view key, std::string_view bytes);  // 32 bytes
// Compares size and bytes in a time that does not depend on where they differ.
bool equal_constant_time(std::string_view a, std::string_view b);

std::string base64url(std::string_view bytes);  // without padding
// Strict: without padding, this alphabet only, spare bits zero.
std::optional<std::string> parse_base64url(std::string_view text);
std::string base64(std::string_view bytes);  // the common alphabet, with padding
// Strict: with padding, this alphabet only, spare bits zero.
std::optional<std::string> parse_base64(std::string_view text);

// A 128-bit hash under a secret key, so that nobody can make two texts collide on purpose
// (SipHash-2-4-128 as libsodium's shorthash x24).
struct Hash128 {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend auto operator<=>(const Hash128&, const Hash128&) = default;
};
struct HashKey {
  unsigned char bytes[16] = {};
};
Hash128 keyed_hash(const HashKey& key, std::string_view bytes);

// Argon2id, 19 MiB and two passes (OWASP's first recommendation); takes tens of milliseconds of a
// core.
Result<std::string> hash_password(std::string_view password);
bool verify_password(std::string_view hash, std::string_view password);

enum class SignatureAlgorithm : std::uint8_t { hs256, rs256, es256, eddsa };

// A key that verifies signatures of its one algorithm and of no other.
class VerifyingKey {
 public:
  static VerifyingKey hmac(std::string_view secret);
  // From the members of a JSON Web Key (RFC 7517, 7518, 8037), in base64url.
  static Result<VerifyingKey> rsa(std::string_view n, std::string_view e);  // at least 2048 bits
  static Result<VerifyingKey> ec_p256(std::string_view x, std::string_view y);
  static Result<VerifyingKey> ed25519(std::string_view x);

  SignatureAlgorithm algorithm() const { return algorithm_; }
  // `signature` as a JSON Web Signature carries it (ES256: 64 bytes r‖s).
  bool verify(std::string_view message, std::string_view signature) const;

 private:
  VerifyingKey(SignatureAlgorithm algorithm, std::shared_ptr<void> key)
      : algorithm_(algorithm), key_(std::move(key)) {}
  SignatureAlgorithm algorithm_;
  std::shared_ptr<void> key_;  // a HmacKey or an OpenSSL object, immutable
};

}  // namespace metergate
