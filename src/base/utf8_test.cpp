#include "base/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace metergate {
namespace {

TEST(Utf8, TakesTheEdgesOfEachLength) {
  for (const std::string_view text :
       {"", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
        "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf",
        "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z"}) {
    EXPECT_TRUE(is_well_formed_utf8(text)) << testing::PrintToString(text);
  }
  EXPECT_TRUE(is_well_formed_utf8(std::string_view("\0", 1)));
}

TEST(Utf8, RefusesOverlongFormsSurrogatesAndWhatIsPastTheEnd) {
  for (const std::string_view text :
       {"\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xfe"}) {
    EXPECT_FALSE(is_well_formed_utf8(text)) << testing::PrintToString(text);
  }
}

TEST(Utf8, RefusesCutAndStraySequences) {
  for (const std::string_view text : {"\x80", "\xbf", "\xc2", "\xe2\x82", "\xf0\x9f\x98",
                                      "\xc2"
                                      "a",
                                      "\xe2\x82"
                                      "a",
                                      "\xe2"
                                      "a\x82",
                                      "\xf0\x9f\x98"
                                      "a",
                                      "a\x80", "\xc3\xa9\xa9"}) {
    EXPECT_FALSE(is_well_formed_utf8(text)) << testing::PrintToString(text);
  }
}

TEST(Utf8, AgreesWithTheStandardOnEveryTwoBytes) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string text{static_cast<char>(first), static_cast<char>(second)};
      const bool two_ascii = first < 0x80 && second < 0x80;
      const bool one_pair = first >= 0xc2 && first <= 0xdf && second >= 0x80 && second <= 0xbf;
      ASSERT_EQ(is_well_formed_utf8(text), two_ascii || one_pair) << first << " " << second;
    }
  }
}

}  // namespace
}  // namespace metergate
