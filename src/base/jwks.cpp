// The key half of base/jwt: a JSON Web Key Set becomes verifying keys by kid.
#include <fmt/format.h>

#include <algorithm>

#include "base/jwt.h"

namespace metergate {
namespace {

constexpr std::size_t kTextSizeMax = 1024 * 1024;
constexpr std::size_t kKeysMax = 100;

std::unexpected<Error> refuse_keys(std::string message) {
  return fail(ErrorCode::invalid, std::move(message));
}

// Makes the key for the one algorithm that its kty and crv name.
Result<VerifyingKey> make_key(const Json& key) {
  const std::string kty = key.string_at("kty").value_or("");
  const std::string crv = key.string_at("crv").value_or("");
  const auto member = [&](std::string_view name) { return key.string_at(name).value_or(""); };
  if (kty == "RSA" && crv.empty()) return VerifyingKey::rsa(member("n"), member("e"));
  if (kty == "EC" && crv == "P-256") return VerifyingKey::ec_p256(member("x"), member("y"));
  if (kty == "OKP" && crv == "Ed25519") return VerifyingKey::ed25519(member("x"));
  return refuse_keys(fmt::format(
      "kty '{:.20}' with crv '{:.20}' is not among RSA, EC with P-256, OKP with Ed25519", kty,
      crv));
}

std::string_view name_of(SignatureAlgorithm algorithm) {
  switch (algorithm) {
    case SignatureAlgorithm::hs256:
      return "HS256";
    case SignatureAlgorithm::rs256:
      return "RS256";
    case SignatureAlgorithm::es256:
      return "ES256";
    case SignatureAlgorithm::eddsa:
      return "EdDSA";
  }
  return "";
}

// True if key_ops is absent or is a list that contains "verify" (RFC 7517, 4.3).
bool may_verify(const Json& key) {
  const Json* const operations = key.find("key_ops");
  if (operations == nullptr) return true;
  if (!operations->is_array()) return false;
  return std::ranges::find(operations->as_array(), Json{"verify"}) != operations->as_array().end();
}

Result<VerifyingKey> read_key(const Json& key) {
  if (!key.is_object()) return refuse_keys("it is no object");
  if (const Json* kid = key.find("kid"); kid != nullptr && !kid->is_string())
    return refuse_keys("its kid is no text");
  // A file for verifying must not contain keys that can sign.
  for (const std::string_view secret : {"d", "k", "p", "q"}) {
    if (key.find(secret) != nullptr) return refuse_keys("it holds a private or symmetric key");
  }
  if (key.find("use") != nullptr && key.string_at("use") != "sig")
    return refuse_keys("its use is not sig");
  if (!may_verify(key)) return refuse_keys("its key_ops do not hold verify");
  const VerifyingKey made = TRY(make_key(key));
  if (key.find("alg") != nullptr && key.string_at("alg") != name_of(made.algorithm()))
    return refuse_keys(
        fmt::format("its alg is not {}, as its kty asks", name_of(made.algorithm())));
  return made;
}

}  // namespace

Result<Jwks> Jwks::parse(std::string_view text) {
  if (text.size() > kTextSizeMax) return refuse_keys("the key set is larger than 1 MiB");
  const Json document = TRY(parse_json(text));
  const Json* const keys = document.find("keys");
  if (keys == nullptr || !keys->is_array()) return refuse_keys("the key set has no array 'keys'");
  if (keys->as_array().size() > kKeysMax) return refuse_keys("the key set has more than 100 keys");
  Jwks jwks;
  for (std::size_t i = 0; i < keys->as_array().size(); ++i) {
    const Json& key = keys->as_array()[i];
    std::optional<std::string> kid = key.string_at("kid");
    if (auto made = read_key(key)) {
      jwks.keys_.push_back({std::move(kid), *std::move(made)});
    } else {
      jwks.skipped_.push_back(
          fmt::format("key {} ('{:.64}'): {}", i, kid.value_or(""), made.error().message));
    }
  }
  return jwks;
}

Result<std::vector<const VerifyingKey*>> Jwks::keys_for(const Jwt& token) const {
  std::vector<const VerifyingKey*> found;
  for (const Entry& entry : keys_) {
    if (entry.key.algorithm() != token.algorithm) continue;
    if (!token.kid || entry.kid == token.kid) found.push_back(&entry.key);
  }
  if (!token.kid && found.size() > 1) {
    return fail(
        ErrorCode::unauthorized,
        fmt::format("the token has no kid, and {} keys could have signed it", found.size()));
  }
  return found;
}

}  // namespace metergate
