#include "base/hmac_key.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace metergate {
namespace {

std::string mac_of(const std::string& key, std::string_view message) {
  const HmacKey::Mac mac = HmacKey(key).mac(message);
  return {mac.begin(), mac.end()};
}

TEST(HmacKey, SignsTheExamplesOfTheStandard) {  // RFC 4231
  EXPECT_EQ(to_hex(mac_of("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(to_hex(mac_of(std::string(131, '\xaa'),
                          "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

RC_GTEST_PROP(HmacKey, SignsAsTheLibraryDoes, (const std::string& key, const std::string& text)) {
  RC_ASSERT(mac_of(key, text) == hmac_sha256(key, text));
}

TEST(HmacKey, CanBeUsedAgain) {
  const HmacKey key("a key");
  const HmacKey::Mac first = key.mac("text");
  EXPECT_NE(key.mac("other"), first);
  EXPECT_EQ(key.mac("text"), first);
  EXPECT_EQ(key.mac(""), key.mac({}));
}

}  // namespace
}  // namespace metergate
