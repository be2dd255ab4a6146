#include "base/jwt.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "base/characters.h"

namespace metergate {
namespace {

constexpr std::size_t kTokenSizeMax = 8 * 1024;
constexpr std::int64_t kSecondMax = 253'402'300'799;  // the end of the year 9999
// Milliseconds.
constexpr std::int64_t kSkew = 30 * 1000;
constexpr std::int64_t kLifetimeMax = 24 * 60 * 60 * std::int64_t{1000};

constexpr std::array<std::pair<std::string_view, SignatureAlgorithm>, 4> kAlgorithms = {{
    {"HS256", SignatureAlgorithm::hs256},
    {"RS256", SignatureAlgorithm::rs256},
    {"ES256", SignatureAlgorithm::es256},
    {"EdDSA", SignatureAlgorithm::eddsa},
}};

// {"alg":"HS256","typ":"JWT"}, the header of our own tokens and of most others with a shared
// secret. It says the same as a default Jwt, so it need not be parsed.
constexpr std::string_view kUsualHeader = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

constexpr std::array<std::string_view, 9> kRefusedHeaders = {"crit", "zip", "b64", "jku", "jwk",
                                                             "x5u",  "x5c", "enc", "cty"};

std::unexpected<Error> refuse_token(std::string message) {
  return fail(ErrorCode::unauthorized, std::move(message));
}

std::optional<SignatureAlgorithm> algorithm_named(std::string_view name) {
  const auto* const found =
      std::ranges::find(kAlgorithms, name, [](const auto& entry) { return entry.first; });
  if (found == kAlgorithms.end()) return std::nullopt;
  return found->second;
}

// "JWT", or "at+jwt" (RFC 9068), with or without "application/", in any case, as for all media
// types. Another kind of token must not be mistaken for an access token.
bool is_access_token_type(std::string_view typ) {
  const std::string lower = to_lower(typ);
  std::string_view name = lower;
  if (name.starts_with("application/")) name.remove_prefix(12);
  return name == "jwt" || name == "at+jwt";
}

Result<Claims> parse_part(std::string_view name, std::string_view text) {
  auto bytes = parse_base64url(text);
  if (!bytes) return refuse_token(fmt::format("the token's {} is not base64url", name));
  auto claims = Claims::parse(*std::move(bytes));
  if (!claims) return refuse_token(fmt::format("the token's {} is not one JSON object", name));
  return *std::move(claims);
}

Result<> read_header(const Claims& header, Jwt& token) {
  for (const std::string_view name : kRefusedHeaders) {
    if (header.has(name))
      return refuse_token(fmt::format("the token's header must not have '{}'", name));
  }
  const auto algorithm = algorithm_named(header.string_at("alg").value_or(""));
  if (!algorithm) return refuse_token("the token's alg is not HS256, RS256, ES256 or EdDSA");
  token.algorithm = *algorithm;
  if (header.has("typ") && !is_access_token_type(header.string_at("typ").value_or("")))
    return refuse_token("the token's typ is not JWT or at+jwt");
  if (header.has("kid")) {
    token.kid = header.string_at("kid");
    if (!token.kid) return refuse_token("the token's kid is no text");
  }
  return {};
}

// A claim in seconds, with or without a fraction (RFC 7519, 2: NumericDate), as milliseconds, cut;
// nothing if it is absent.
Result<std::optional<std::int64_t>> instant_at(const Claims& claims, std::string_view name) {
  const std::optional<Decimal> seconds = claims.number_at(name);
  if (!seconds && !claims.has(name)) return std::nullopt;
  if (!seconds || compare(*seconds, Decimal{}) < 0 || compare(*seconds, Decimal{kSecondMax, 0}) > 0)
    return refuse_token(fmt::format("the token's {} is no number of seconds since 1970", name));
  std::int64_t unscaled = seconds->unscaled;
  std::uint8_t scale = seconds->scale;
  for (; scale > 3; --scale) unscaled /= 10;
  for (; scale < 3; ++scale) unscaled *= 10;
  return unscaled;
}

}  // namespace

Result<Jwt> parse_jwt(std::string_view text) {
  if (text.size() > kTokenSizeMax) return refuse_token("the token is longer than 8 KiB");
  const std::size_t first = text.find('.');
  const std::size_t second = first == text.npos ? text.npos : text.find('.', first + 1);
  if (second == text.npos || text.find('.', second + 1) != text.npos)
    return refuse_token("the token has not exactly three parts");
  Jwt token;
  if (const std::string_view header = text.substr(0, first); header != kUsualHeader) {
    const Claims read = TRY(parse_part("header", header));
    TRY(read_header(read, token));
  }
  token.claims = TRY(parse_part("payload", text.substr(first + 1, second - first - 1)));
  auto signature = parse_base64url(text.substr(second + 1));
  if (!signature || signature->empty())
    return refuse_token("the token's signature is missing or not base64url");
  token.signature = *std::move(signature);
  token.signing_input = text.substr(0, second);
  return token;
}

bool is_signed_by(const Jwt& token, const VerifyingKey& key) {
  return token.algorithm == key.algorithm() && key.verify(token.signing_input, token.signature);
}

Result<> check_times(const Claims& claims, Timestamp now) {
  const auto exp = TRY(instant_at(claims, "exp"));
  const auto nbf = TRY(instant_at(claims, "nbf"));
  const auto iat = TRY(instant_at(claims, "iat"));
  const std::int64_t instant = now.time_since_epoch().count();
  if (!exp) return refuse_token("the token has no exp");
  if (*exp <= instant) return refuse_token("the token has expired");
  if (nbf && *nbf > instant + kSkew) return refuse_token("the token is not valid yet (nbf)");
  if (iat && *iat > instant + kSkew) return refuse_token("the token is issued in the future (iat)");
  if (iat && *exp <= *iat) return refuse_token("the token expires before it is issued");
  const std::int64_t latest = iat ? *iat + kLifetimeMax : instant + kLifetimeMax + kSkew;
  if (*exp > latest) return refuse_token("the token claims to live longer than 24 hours");
  return {};
}

TokenSpan span_of(const Claims& claims) {
  const auto exp = instant_at(claims, "exp");
  const auto nbf = instant_at(claims, "nbf");
  const auto iat = instant_at(claims, "iat");
  if (!exp || !nbf || !iat || !*exp) return {};
  TokenSpan span{.first = std::numeric_limits<std::int64_t>::min(), .end = **exp};
  if (*nbf) span.first = std::max(span.first, **nbf - kSkew);
  if (!*iat) {
    span.first = std::max(span.first, span.end - kLifetimeMax - kSkew);
    return span;
  }
  if (span.end <= **iat || span.end > **iat + kLifetimeMax) return {};
  span.first = std::max(span.first, **iat - kSkew);
  return span;
}

std::string sign_jwt(const Json& claims, std::string_view secret) {
  std::string token{kUsualHeader};
  token += '.' + base64url(to_text(claims));
  token += '.' + base64url(hmac_sha256(secret, token));
  return token;
}

}  // namespace metergate
