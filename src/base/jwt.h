// JSON Web Tokens (RFC 7519), restricted to a compact JWS whose header names HS256, RS256, ES256 or
// EdDSA, and to keys that are each bound to one algorithm.
//
// Scopes, roles and tenants are the sessions' concern. A parsed token proves nothing until both
// is_signed_by() and check_times() have accepted it. Every refusal of a token is
// ErrorCode::unauthorized. Values; safe from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/claims.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

namespace metergate {

struct Jwt {
  SignatureAlgorithm algorithm = SignatureAlgorithm::hs256;
  std::optional<std::string> kid;
  Claims claims;
  std::string signing_input;  // the bytes that are signed
  std::string signature;      // never empty
};

// Parses header and payload without verifying them. At most 8 KiB. Headers that would choose the
// key or change the meaning (jku, jwk, x5u, x5c, crit, b64, zip, enc, cty) are refused; other
// unknown ones are ignored, as RFC 7515 requires.
Result<Jwt> parse_jwt(std::string_view text);

// False, before any cryptography, if the key's algorithm differs from the header's.
bool is_signed_by(const Jwt& token, const VerifyingKey& key);

// exp is required and must be after now; nbf and iat may be up to 30 s ahead. A token with a
// lifetime of more than 24 h is refused. All three are seconds since 1970 and may have a fraction.
Result<> check_times(const Claims& claims, Timestamp now);

// The times at which check_times() accepts the claims: from `first` to before `end`, in
// milliseconds since 1970. Empty if it never does.
struct TokenSpan {
  std::int64_t first = 0;
  std::int64_t end = 0;
  bool contains(Timestamp at) const {
    const std::int64_t instant = at.time_since_epoch().count();
    return first <= instant && instant < end;
  }
};
TokenSpan span_of(const Claims& claims);

// A token signed with HS256; `claims` is an object.
std::string sign_jwt(const Json& claims, std::string_view secret);

// A JSON Web Key Set (RFC 7517): its public keys of the supported algorithms.
class Jwks {
 public:
  // Refused: a text that is not a key set, is larger than 1 MiB or has more than 100 keys. Skipped
  // (RFC 7517, 5): symmetric, private and malformed keys, and keys of an unsupported kind,
  // algorithm, use or key_ops; skipped() gives the reasons.
  static Result<Jwks> parse(std::string_view text);

  Jwks() = default;
  // The keys of the token's algorithm that may have signed it: with a kid, the keys with that kid;
  // without one, the only key. ErrorCode::unauthorized if the token has no kid and there are
  // several keys.
  Result<std::vector<const VerifyingKey*>> keys_for(const Jwt& token) const;
  std::size_t size() const { return keys_.size(); }
  // One text for each skipped key, with its reason.
  const std::vector<std::string>& skipped() const { return skipped_; }

 private:
  struct Entry {
    std::optional<std::string> kid;
    VerifyingKey key;
  };
  std::vector<Entry> keys_;
  std::vector<std::string> skipped_;
};

}  // namespace metergate
