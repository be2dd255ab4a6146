#include <gtest/gtest.h>

#include "base/jws_examples_test.h"
#include "base/jwt.h"

namespace metergate {
namespace {

using namespace examples;

const std::string kRsaKey = R"("kty":"RSA","n":")" + kRsaN + R"(","e":"AQAB")";
const std::string kEcKey = R"("kty":"EC","crv":"P-256","x":")" + kEcX + R"(","y":")" + kEcY + "\"";
const std::string kEdKey = R"("kty":"OKP","crv":"Ed25519","x":")" + kEdX + "\"";

// A key set of keys given by their members.
Result<Jwks> parsed(const std::vector<std::string>& keys) {
  std::string text = R"({"keys":[)";
  for (const std::string& key : keys) text += (text.back() == '[' ? "{" : ",{") + key + "}";
  return Jwks::parse(text + "]}");
}

std::string why_refused(const std::vector<std::string>& keys) {
  const auto jwks = parsed(keys);
  if (jwks) return "";
  EXPECT_EQ(jwks.error().code, ErrorCode::invalid);
  return jwks.error().message;
}

TEST(Jwks, PinsEachKeyToTheAlgorithmOfItsKind) {
  const auto jwks =
      parsed({R"("kid":"r","use":"sig",)" + kRsaKey, R"("kid":"e","alg":"ES256",)" + kEcKey,
              R"("kid":"d","alg":"EdDSA",)" + kEdKey});
  ASSERT_TRUE(jwks);
  EXPECT_EQ(jwks->size(), 3U);
  EXPECT_EQ(jwks->find("r")->algorithm(), SignatureAlgorithm::rs256);
  EXPECT_EQ(jwks->find("e")->algorithm(), SignatureAlgorithm::es256);
  EXPECT_EQ(jwks->find("d")->algorithm(), SignatureAlgorithm::eddsa);
  EXPECT_TRUE(is_signed_by(*parse_jwt(kRsaInput + "." + kRsaSignature), *jwks->find("r")));
  EXPECT_FALSE(is_signed_by(*parse_jwt(kRsaInput + "." + kRsaSignature), *jwks->find("e")));
}

TEST(Jwks, RefusesSymmetricAndPrivateKeys) {
  for (const std::string& key :
       {R"("kid":"a","kty":"oct","k":"AAAA")" + std::string{}, R"("kid":"a","d":"AAAA",)" + kRsaKey,
        R"("kid":"a","d":"AAAA",)" + kEdKey, R"("kid":"a","k":"AAAA",)" + kEcKey}) {
    EXPECT_EQ(why_refused({key}),
              "key 0 ('a') of the key set cannot be used: it holds a private or symmetric key");
  }
  EXPECT_FALSE(parsed({R"("kid":"a","kty":"oct")"}));
}

TEST(Jwks, RefusesKeysWithoutAKidOrWithOneThatStandsTwice) {
  EXPECT_EQ(why_refused({kRsaKey}), "key 0 of the key set has no kid of 1 to 64 characters");
  EXPECT_NE(why_refused({R"("kid":"",)" + kRsaKey}), "");
  EXPECT_NE(why_refused({R"("kid":7,)" + kRsaKey}), "");
  EXPECT_NE(why_refused({R"("kid":")" + std::string(65, 'k') + "\"," + kRsaKey}), "");
  EXPECT_EQ(why_refused({R"("kid":"a",)" + kRsaKey, R"("kid":"a",)" + kEdKey}),
            "the kid 'a' stands twice in the key set");
}

TEST(Jwks, RefusesKindsCurvesAndAlgorithmsThatDoNotAgree) {
  for (const std::string& key :
       {R"("alg":"HS256",)" + kRsaKey, R"("alg":"PS256",)" + kRsaKey, R"("alg":"ES256",)" + kRsaKey,
        R"("alg":"none",)" + kEdKey, R"("alg":null,)" + kEdKey, R"("alg":["EdDSA"],)" + kEdKey,
        R"("crv":"P-256",)" + kRsaKey, R"("use":"wrap",)" + kRsaKey, R"("use":1,)" + kRsaKey,
        R"("kty":"EC","crv":"P-384","x":")" + kEcX + R"(","y":")" + kEcY + "\"",
        R"("kty":"EC","crv":"secp256k1","x":")" + kEcX + R"(","y":")" + kEcY + "\"",
        R"("kty":"EC","crv":"Ed25519","x":")" + kEdX + "\"",
        R"("kty":"OKP","crv":"X25519","x":")" + kEdX + "\"", R"("kty":"OKP","x":")" + kEdX + "\"",
        R"("kty":"rsa","n":")" + kRsaN + R"(","e":"AQAB")",
        R"("kty":"RSA","e":"AQAB")" + std::string{}, R"("n":")" + kRsaN + R"(","e":"AQAB")"}) {
    EXPECT_TRUE(why_refused({R"("kid":"a",)" + key})
                    .starts_with("key 0 ('a') of the key set cannot be used: "))
        << key;
  }
}

TEST(Jwks, PassesOverKeysForEncryption) {
  const auto jwks =
      parsed({R"("kid":"a","use":"enc","alg":"RSA-OAEP",)" + kRsaKey, R"("kid":"b",)" + kEdKey});
  ASSERT_TRUE(jwks);
  EXPECT_EQ(jwks->size(), 1U);
  EXPECT_EQ(jwks->find("a"), nullptr);
}

TEST(Jwks, RefusesASetWithoutAKeyForSignatures) {
  EXPECT_EQ(why_refused({}), "the key set has no key that verifies signatures");
  EXPECT_EQ(why_refused({R"("kid":"a","use":"enc",)" + kRsaKey}),
            "the key set has no key that verifies signatures");
}

TEST(Jwks, RefusesTextThatIsNoKeySet) {
  for (const std::string_view text :
       {"", "{}", "[]", "null", R"({"keys":{}})", R"({"keys":null})", R"({"keys":[1]})",
        R"({"keys":[null]})", R"({"keys":[],"keys":[]})", "-----BEGIN PUBLIC KEY-----"}) {
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
  EXPECT_EQ(why_refused(keys), "the key set has more than 100 keys");
}

TEST(Jwks, AnEmptyOneKnowsNoKey) {
  EXPECT_EQ(Jwks{}.find("a"), nullptr);
  EXPECT_EQ(Jwks{}.size(), 0U);
}

}  // namespace
}  // namespace metergate
