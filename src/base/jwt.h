// JSON Web Tokens (RFC 7519) in the one narrow form that Metergate takes: a compact JWS whose
// header names HS256, RS256, ES256 or EdDSA, and keys that are each pinned to one algorithm.
//
// Knows nothing of scopes, roles or tenants: that is the sessions' part. A parsed token is a claim
// and nothing more until is_signed_by() said yes and check_times() too. Every refusal of a token is
// ErrorCode::unauthorized. Values; safe from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/crypto.h"
#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

namespace metergate {

struct Jwt {
  SignatureAlgorithm algorithm = SignatureAlgorithm::hs256;
  std::optional<std::string> kid;
  Json claims;                // an object
  std::string signing_input;  // what the signature is over
  std::string signature;      // never empty
};

// Header and payload, unverified. At most 8 KiB; headers that would choose the key or the meaning
// (jku, jwk, x5u, x5c, crit, b64, zip, enc, cty) are refused, other unknown ones are ignored as
// RFC 7515 asks.
Result<Jwt> parse_jwt(std::string_view text);

// False, before any cryptography, where the key is of another algorithm than the header names.
bool is_signed_by(const Jwt& token, const VerifyingKey& key);

// exp is required and must lie after now; nbf and iat may lie up to 30 s ahead. A token that claims
// to live longer than 24 h is refused. All three are seconds since 1970, which may have a fraction.
Result<> check_times(const Json& claims, Timestamp now);

// When check_times() says yes: from `first` on and before `end`, in milliseconds since 1970. Empty
// where it never does.
struct TokenSpan {
  std::int64_t first = 0;
  std::int64_t end = 0;
  bool contains(Timestamp at) const {
    const std::int64_t instant = at.time_since_epoch().count();
    return first <= instant && instant < end;
  }
};
TokenSpan span_of(const Json& claims);

// A token signed with HS256; `claims` is an object.
std::string sign_jwt(const Json& claims, std::string_view secret);

// A JSON Web Key Set (RFC 7517): the public keys of it that verify what we take.
class Jwks {
 public:
  // Refused: what is no key set, or more than 1 MiB or 100 keys of one. A key of a kind, algorithm,
  // use or key_ops that we do not take, a symmetric or private one and one that is no sound key are
  // passed over (RFC 7517, 5); skipped() says why.
  static Result<Jwks> parse(std::string_view text);

  Jwks() = default;
  // Those that the token may be signed with, all of its algorithm: with a kid, the keys of exactly
  // that kid; without one, the only key of the algorithm. ErrorCode::unauthorized where the token
  // has no kid and several keys could be meant.
  Result<std::vector<const VerifyingKey*>> keys_for(const Jwt& token) const;
  std::size_t size() const { return keys_.size(); }
  // One text for each key that was passed over: which and why.
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
