#include <gtest/gtest.h>

#include "base/jws_examples_test.h"
#include "base/jwt.h"

namespace metergate {
namespace {

using namespace examples;

const std::string kRsaKey = R"("kty":"RSA","n":")" + kRsaN + R"(","e":"AQAB")";
const std::string kEcKey = R"("kty":"EC","crv":"P-256","x":")" + kEcX + R"(","y":")" + kEcY + "\"";
const std::string kEdKey = R"("kty":"OKP","crv":"Ed25519","x":")" + kEdX + "\"";

// Parses a key set with the given members of each key.
Result<Jwks> parsed(const std::vector<std::string>& keys) {
  std::string text = R"({"keys":[)";
  for (const std::string& key : keys) text += (text.back() == '[' ? "{" : ",{") + key + "}";
  return Jwks::parse(text + "]}");
}

// The reason why the key is skipped; empty if it is accepted.
std::string why_skipped(const std::string& key) {
  const auto jwks = parsed({key, R"("kid":"good",)" + kEdKey});
  EXPECT_TRUE(jwks);
  if (!jwks || jwks->skipped().empty()) return "";
  EXPECT_EQ(jwks->size(), 1U);
  return jwks->skipped().front();
}

// A token whose header names that algorithm and key.
Jwt token_of(SignatureAlgorithm algorithm, std::optional<std::string> kid) {
  Jwt token;
  token.algorithm = algorithm;
  token.kid = std::move(kid);
  return token;
}

const VerifyingKey* found(const Jwks& jwks, SignatureAlgorithm algorithm,
                          std::optional<std::string> kid) {
  const auto keys = jwks.keys_for(token_of(algorithm, std::move(kid)));
  return keys && keys->size() == 1 ? keys->front() : nullptr;
}

TEST(Jwks, PinsEachKeyToTheAlgorithmOfItsKind) {
  const auto jwks =
      parsed({R"("kid":"r","use":"sig",)" + kRsaKey, R"("kid":"e","alg":"ES256",)" + kEcKey,
              R"("kid":"d","alg":"EdDSA",)" + kEdKey});
  ASSERT_TRUE(jwks);
  EXPECT_EQ(jwks->size(), 3U);
  EXPECT_TRUE(jwks->skipped().empty());
  const VerifyingKey* const rsa = found(*jwks, SignatureAlgorithm::rs256, "r");
  const VerifyingKey* const ec = found(*jwks, SignatureAlgorithm::es256, "e");
  ASSERT_NE(rsa, nullptr);
  ASSERT_NE(ec, nullptr);
  EXPECT_NE(found(*jwks, SignatureAlgorithm::eddsa, "d"), nullptr);
  EXPECT_EQ(found(*jwks, SignatureAlgorithm::rs256, "e"), nullptr);
  EXPECT_TRUE(is_signed_by(*parse_jwt(kRsaInput + "." + kRsaSignature), *rsa));
  EXPECT_FALSE(is_signed_by(*parse_jwt(kRsaInput + "." + kRsaSignature), *ec));
}

TEST(Jwks, PassesOverSymmetricAndPrivateKeys) {
  for (const std::string& key :
       {R"("kid":"a","kty":"oct","k":"AAAA")" + std::string{}, R"("kid":"a","d":"AAAA",)" + kRsaKey,
        R"("kid":"a","d":"AAAA",)" + kEdKey, R"("kid":"a","k":"AAAA",)" + kEcKey}) {
    EXPECT_EQ(why_skipped(key), "key 0 ('a'): it holds a private or symmetric key");
  }
  EXPECT_NE(why_skipped(R"("kid":"a","kty":"oct")"), "");
}

TEST(Jwks, PassesOverKindsCurvesUsesAndAlgorithmsThatItDoesNotTake) {
  for (const std::string& key :
       {R"("alg":"HS256",)" + kRsaKey,
        R"("alg":"PS256",)" + kRsaKey,
        R"("alg":"ES256",)" + kRsaKey,
        R"("alg":"none",)" + kEdKey,
        R"("alg":null,)" + kEdKey,
        R"("alg":["EdDSA"],)" + kEdKey,
        R"("crv":"P-256",)" + kRsaKey,
        R"("use":"wrap",)" + kRsaKey,
        R"("use":1,)" + kRsaKey,
        R"("use":"enc","alg":"RSA-OAEP",)" + kRsaKey,
        R"("kty":"EC","crv":"P-384","x":")" + kEcX + R"(","y":")" + kEcY + "\"",
        R"("kty":"EC","crv":"secp256k1","x":")" + kEcX + R"(","y":")" + kEcY + "\"",
        R"("kty":"EC","crv":"Ed25519","x":")" + kEdX + "\"",
        R"("kty":"AKP","alg":"ML-DSA-44","pub":"AAAA")" + std::string{},
        R"("kty":"OKP","crv":"X25519","x":")" + kEdX + "\"",
        R"("kty":"OKP","x":")" + kEdX + "\"",
        R"("kty":"rsa","n":")" + kRsaN + R"(","e":"AQAB")",
        R"("kty":7,"n":"AQAB")" + std::string{},
        R"("kty":"RSA","e":"AQAB")" + std::string{},
        R"("n":")" + kRsaN + R"(","e":"AQAB")"}) {
    EXPECT_TRUE(why_skipped(R"("kid":"a",)" + key).starts_with("key 0 ('a'): ")) << key;
  }
  EXPECT_EQ(why_skipped(R"("kid":7,)" + kRsaKey), "key 0 (''): its kid is no text");
}

TEST(Jwks, HonoursKeyOps) {
  EXPECT_EQ(why_skipped(R"("key_ops":["verify"],)" + kRsaKey), "");
  EXPECT_EQ(why_skipped(R"("key_ops":["wrapKey","verify"],"use":"sig",)" + kRsaKey), "");
  for (const std::string operations :
       {R"(["sign"])", R"(["encrypt","wrapKey"])", "[]", R"("verify")", "null", "[1]"}) {
    EXPECT_EQ(why_skipped(R"("kid":"a","key_ops":)" + operations + "," + kRsaKey),
              "key 0 ('a'): its key_ops do not hold verify")
        << operations;
  }
}

TEST(Jwks, OneKeyThatItDoesNotTakeHoldsUpNoOther) {
  const auto jwks = Jwks::parse(R"({"keys":[1,{"kty":"new"},{"kid":"a",)" + kEdKey + "}]}");
  ASSERT_TRUE(jwks);
  EXPECT_EQ(jwks->size(), 1U);
  EXPECT_EQ(jwks->skipped().size(), 2U);
  EXPECT_NE(found(*jwks, SignatureAlgorithm::eddsa, "a"), nullptr);
}

TEST(Jwks, ATokenWithoutAKidIsOfTheOnlyKeyOfItsAlgorithm) {
  const auto one = parsed({kRsaKey, R"("kid":"d",)" + kEdKey});
  ASSERT_TRUE(one);
  EXPECT_NE(found(*one, SignatureAlgorithm::rs256, std::nullopt), nullptr);
  EXPECT_NE(found(*one, SignatureAlgorithm::eddsa, std::nullopt), nullptr);
  EXPECT_EQ(found(*one, SignatureAlgorithm::es256, std::nullopt), nullptr);
  const auto two = parsed({R"("kid":"a",)" + kEdKey, R"("kid":"b",)" + kEdKey});
  ASSERT_TRUE(two);
  const auto keys = two->keys_for(token_of(SignatureAlgorithm::eddsa, std::nullopt));
  ASSERT_FALSE(keys);
  EXPECT_EQ(keys.error().code, ErrorCode::unauthorized);
  EXPECT_EQ(keys.error().message, "the token has no kid, and 2 keys could have signed it");
}

TEST(Jwks, MatchesAnyTextOfAKidAsItStands) {
  for (const std::string& kid : {std::string{}, std::string{"a b"}, std::string{"https://x/?k=1#é"},
                                 std::string(300, 'k'), std::string{"KEY"}}) {
    const auto jwks =
        parsed({R"("kid":)" + to_text(Json{kid}) + "," + kEdKey, R"("kid":"key",)" + kEdKey});
    ASSERT_TRUE(jwks) << kid;
    EXPECT_NE(found(*jwks, SignatureAlgorithm::eddsa, kid), nullptr) << kid;
    EXPECT_EQ(found(*jwks, SignatureAlgorithm::eddsa, kid + " "), nullptr) << kid;
  }
}

TEST(Jwks, OfOneKidSeveralKeysAreTried) {
  const auto jwks = parsed(
      {R"("kid":"a",)" + kEdKey, R"("kid":"a",)" + kRsaKey, R"("kid":"a","use":"sig",)" + kEdKey});
  ASSERT_TRUE(jwks);
  EXPECT_EQ(jwks->keys_for(token_of(SignatureAlgorithm::eddsa, "a"))->size(), 2U);
  EXPECT_NE(found(*jwks, SignatureAlgorithm::rs256, "a"), nullptr);
}

TEST(Jwks, RefusesTextThatIsNoKeySet) {
  for (const std::string_view text : {"", "{}", "[]", "null", R"({"keys":{}})", R"({"keys":null})",
                                      R"({"keys":[],"keys":[]})", "-----BEGIN PUBLIC KEY-----"}) {
    EXPECT_FALSE(Jwks::parse(text)) << text;
  }
  EXPECT_FALSE(Jwks::parse(kEdKey));
  EXPECT_EQ(Jwks::parse(std::string(2'000'000, ' ')).error().message,
            "the key set is larger than 1 MiB");
}

TEST(Jwks, HoldsAtMostAHundredKeys) {
  std::vector<std::string> keys;
  for (int i = 0; i < 100; ++i) keys.push_back(R"("kid":")" + std::to_string(i) + "\"," + kEdKey);
  EXPECT_EQ(parsed(keys)->size(), 100U);
  keys.push_back(R"("kid":"more",)" + kEdKey);
  EXPECT_EQ(parsed(keys).error().message, "the key set has more than 100 keys");
}

TEST(Jwks, AnEmptyOneKnowsNoKey) {
  EXPECT_EQ(found(Jwks{}, SignatureAlgorithm::eddsa, "a"), nullptr);
  EXPECT_EQ(Jwks{}.size(), 0U);
}

}  // namespace
}  // namespace metergate
