#include "service/webhooks/webhook_secret.h"

#include <gtest/gtest.h>

#include "base/crypto.h"

namespace metergate {
namespace {

// Computed with Python's hmac over the bytes 0 to 31, and over "0123456789abcdefghijklmn".
constexpr std::string_view kSigningSecret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
constexpr std::string_view kOlderSecret = "whsec_MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1u";
constexpr std::string_view kBody =
    R"({"type":"sale.created","timestamp":"2026-03-05T10:30:00.000Z","data":{"sale_id":"s1"}})";
const SignedParts kParts{"msg_01J0000000000000000000000A", "1772706600", kBody};

TEST(WebhookSignature, IsTheOneThatWasWorkedOutElsewhere) {
  EXPECT_EQ(webhook_signature(kParts, {std::string{kSigningSecret}}),
            "v1,2ivL6XFhyDxGVSfQ7xzad1oH4GRT/BbzFsZamHAAPY0=");
}

TEST(WebhookSignature, IsThatOfThePublishedExample) {
  EXPECT_EQ(
      webhook_signature({"msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", R"({"test": 2432232314})"},
                        {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}),
      "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(WebhookSignature, ListsOneForEachSecretInTheirOrder) {
  EXPECT_EQ(webhook_signature(kParts, {std::string{kSigningSecret}, std::string{kOlderSecret}}),
            "v1,2ivL6XFhyDxGVSfQ7xzad1oH4GRT/BbzFsZamHAAPY0= "
            "v1,CAu8qqb3bYNH0tjOVswGcJZjlkBmZRhmZ7diDGb2y9M=");
}

TEST(WebhookSecret, OneThatIsMadeIsSoundAndNeverTheSame) {
  const std::string made = make_webhook_secret();
  EXPECT_EQ(webhook_secret_bytes(made).value().size(), 32U);
  EXPECT_NE(made, make_webhook_secret());
}

TEST(WebhookSecret, HasFrom24To64Bytes) {
  const auto of_size = [](std::size_t size) {
    return webhook_secret_bytes("whsec_" + base64(std::string(size, 'k'))).has_value();
  };
  EXPECT_FALSE(of_size(23));
  EXPECT_TRUE(of_size(24));
  EXPECT_TRUE(of_size(64));
  EXPECT_FALSE(of_size(65));
}

TEST(WebhookSecret, OtherTextsAreNone) {
  for (const char* text :
       {"", "whsec_", "whsec_abc", "MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1u",
        "WHSEC_MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1u", "whsec_MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1u=",
        "whsec_MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1u ", "whsec_-_EyMzQ1Njc4OWFiY2RlZmdoaWprbG1u"}) {
    EXPECT_FALSE(webhook_secret_bytes(text)) << text;
  }
}

}  // namespace
}  // namespace metergate
