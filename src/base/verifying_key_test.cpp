#include <gtest/gtest.h>

#include "base/crypto.h"
#include "base/jws_examples_test.h"

namespace metergate {
namespace {

using namespace examples;

struct Signed {
  const char* name;
  VerifyingKey key;
  std::string input;
  std::string signature;
};

std::vector<Signed> signed_examples() {
  return {{"HS256", VerifyingKey::hmac(*parse_base64url(kHmacKey)), kHmacInput,
           *parse_base64url(kHmacSignature)},
          {"RS256", *VerifyingKey::rsa(kRsaN, kRsaE), kRsaInput, *parse_base64url(kRsaSignature)},
          {"ES256", *VerifyingKey::ec_p256(kEcX, kEcY), kEcInput, *parse_base64url(kEcSignature)},
          {"EdDSA", *VerifyingKey::ed25519(kEdX), kEdInput, *parse_base64url(kEdSignature)}};
}

TEST(VerifyingKey, AcceptsTheSignedExamplesOfTheStandards) {
  for (const Signed& example : signed_examples())
    EXPECT_TRUE(example.key.verify(example.input, example.signature)) << example.name;
}

TEST(VerifyingKey, KnowsItsOneAlgorithm) {
  const auto examples = signed_examples();
  EXPECT_EQ(examples[0].key.algorithm(), SignatureAlgorithm::hs256);
  EXPECT_EQ(examples[1].key.algorithm(), SignatureAlgorithm::rs256);
  EXPECT_EQ(examples[2].key.algorithm(), SignatureAlgorithm::es256);
  EXPECT_EQ(examples[3].key.algorithm(), SignatureAlgorithm::eddsa);
}

TEST(VerifyingKey, RefusesEveryFlippedBitOfASignature) {
  for (const Signed& example : signed_examples()) {
    for (std::size_t bit = 0; bit < example.signature.size() * 8; ++bit) {
      std::string forged = example.signature;
      forged[bit / 8] = static_cast<char>(forged[bit / 8] ^ (1 << (bit % 8)));
      EXPECT_FALSE(example.key.verify(example.input, forged)) << example.name << " bit " << bit;
    }
  }
}

TEST(VerifyingKey, RefusesOtherMessagesAndOtherLengths) {
  for (const Signed& example : signed_examples()) {
    EXPECT_FALSE(example.key.verify(example.input + ".", example.signature)) << example.name;
    EXPECT_FALSE(example.key.verify("", example.signature)) << example.name;
    EXPECT_FALSE(example.key.verify(example.input, "")) << example.name;
    EXPECT_FALSE(example.key.verify(example.input, {})) << example.name;
    EXPECT_FALSE(example.key.verify(example.input, example.signature + '\0')) << example.name;
    EXPECT_FALSE(example.key.verify(example.input, '\0' + example.signature)) << example.name;
    EXPECT_FALSE(example.key.verify(example.input,
                                    example.signature.substr(0, example.signature.size() - 1)))
        << example.name;
  }
}

TEST(VerifyingKey, RefusesASignatureMadeUnderAnotherKeyOrAlgorithm) {
  const auto examples = signed_examples();
  for (const Signed& mine : examples) {
    for (const Signed& other : examples) {
      const bool good = mine.key.verify(other.input, other.signature);
      EXPECT_EQ(good, &mine == &other) << mine.name << " " << other.name;
    }
  }
}

TEST(VerifyingKey, RefusesZerosOfEveryLength) {
  for (const Signed& example : signed_examples()) {
    for (const std::size_t size : {1U, 32U, 64U, 72U, 256U})
      EXPECT_FALSE(example.key.verify(example.input, std::string(size, '\0'))) << example.name;
  }
}

TEST(VerifyingKey, RefusesAnEs256SignatureWithROrSOutOfRange) {
  const VerifyingKey key = *VerifyingKey::ec_p256(kEcX, kEcY);
  const std::string good = *parse_base64url(kEcSignature);
  const std::string order = *parse_base64url("_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE");
  const std::string zeros(32, '\0');
  ASSERT_EQ(order.size(), 32U);
  EXPECT_FALSE(key.verify(kEcInput, zeros + good.substr(32)));
  EXPECT_FALSE(key.verify(kEcInput, good.substr(0, 32) + zeros));
  EXPECT_FALSE(key.verify(kEcInput, order + good.substr(32)));
  EXPECT_FALSE(key.verify(kEcInput, good.substr(0, 32) + order));
  EXPECT_FALSE(key.verify(kEcInput, order + order));
}

TEST(VerifyingKey, RefusesAnEs256SignatureInDerForm) {
  const VerifyingKey key = *VerifyingKey::ec_p256(kEcX, kEcY);
  const std::string good = *parse_base64url(kEcSignature);
  std::string der = "\x30\x45\x02\x20" + good.substr(0, 32) + "\x02\x21";
  der += '\0' + good.substr(32);
  EXPECT_FALSE(key.verify(kEcInput, der));
}

TEST(VerifyingKey, WorksAfterARefusalAsBefore) {
  for (const Signed& example : signed_examples()) {
    EXPECT_FALSE(example.key.verify(example.input, "nonsense"));
    EXPECT_TRUE(example.key.verify(example.input, example.signature)) << example.name;
  }
}

TEST(RsaKey, NeedsAtLeast2048Bits) {
  std::string modulus(128, '\xc1');
  EXPECT_FALSE(VerifyingKey::rsa(base64url(modulus), kRsaE)) << "1024 bits";
  modulus = std::string(1, '\x7f') + std::string(255, '\xc1');
  EXPECT_FALSE(VerifyingKey::rsa(base64url(modulus), kRsaE)) << "2047 bits";
  modulus = std::string(128, '\0') + std::string(128, '\xc1');
  EXPECT_FALSE(VerifyingKey::rsa(base64url(modulus), kRsaE)) << "1024 bits behind zeros";
  EXPECT_FALSE(VerifyingKey::rsa(base64url(std::string(1025, '\xc1')), kRsaE)) << "8200 bits";
}

TEST(RsaKey, RefusesEvenModuliAndWeakExponents) {
  EXPECT_FALSE(VerifyingKey::rsa(base64url(std::string(256, '\xc2')), kRsaE));
  EXPECT_FALSE(VerifyingKey::rsa(kRsaN, "AQ")) << "1: every text is its own signature";
  EXPECT_FALSE(VerifyingKey::rsa(kRsaN, "AA")) << "0";
  EXPECT_FALSE(VerifyingKey::rsa(kRsaN, "Ag")) << "2";
  EXPECT_FALSE(VerifyingKey::rsa(kRsaN, base64url(std::string(9, '\x11')))) << "65 bits";
  EXPECT_TRUE(VerifyingKey::rsa(kRsaN, "Aw")) << "3";
}

TEST(RsaKey, RefusesTextThatIsNotBase64Url) {
  EXPECT_FALSE(VerifyingKey::rsa("", kRsaE));
  EXPECT_FALSE(VerifyingKey::rsa(kRsaN, ""));
  EXPECT_FALSE(VerifyingKey::rsa(kRsaN + "==", kRsaE));
  EXPECT_FALSE(VerifyingKey::rsa(kRsaN, "AQ+B"));
  EXPECT_FALSE(VerifyingKey::rsa(std::string(1'000'000, 'A'), kRsaE));
}

TEST(EcKey, RefusesPointsThatAreNotOnTheCurve) {
  EXPECT_FALSE(VerifyingKey::ec_p256(kEcY, kEcX));
  EXPECT_FALSE(
      VerifyingKey::ec_p256(base64url(std::string(32, '\0')), base64url(std::string(32, '\0'))));
  EXPECT_FALSE(VerifyingKey::ec_p256(base64url(std::string(32, '\xff')), kEcY));
}

TEST(EcKey, RefusesCoordinatesOfAnotherLength) {
  const std::string x = *parse_base64url(kEcX);
  EXPECT_FALSE(VerifyingKey::ec_p256(base64url(x.substr(1)), kEcY));
  EXPECT_FALSE(VerifyingKey::ec_p256(base64url('\0' + x), kEcY));
  EXPECT_FALSE(VerifyingKey::ec_p256("", ""));
}

TEST(Ed25519Key, RefusesPointsOfSmallOrder) {
  // 0, 1 and p-1, points for which signatures can be made without a private key.
  const std::string zero(32, '\0');
  const std::string one = '\x01' + std::string(31, '\0');
  const std::string minus_one = '\xec' + std::string(30, '\xff') + '\x7f';
  for (const std::string& bytes : {zero, one, minus_one})
    EXPECT_FALSE(VerifyingKey::ed25519(base64url(bytes))) << to_hex(bytes);
}

TEST(Ed25519Key, RefusesAnotherLength) {
  const std::string x = *parse_base64url(kEdX);
  EXPECT_FALSE(VerifyingKey::ed25519(base64url(x.substr(1))));
  EXPECT_FALSE(VerifyingKey::ed25519(base64url(x + '\0')));
  EXPECT_FALSE(VerifyingKey::ed25519("not base64url!"));
}

TEST(KeyErrors, SayWhichMemberIsWrong) {
  const auto key = VerifyingKey::rsa(kRsaN, "*");
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().code, ErrorCode::invalid);
  EXPECT_EQ(key.error().message, "the key's e is not base64url");
}

}  // namespace
}  // namespace metergate
