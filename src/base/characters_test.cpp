#include "base/characters.h"

#include <gtest/gtest.h>

namespace metergate {
namespace {

TEST(Characters, LettersOfAsciiAloneAreMadeSmall) {
  EXPECT_EQ(to_lower("AZ[@az0\xC3\x89"), "az[@az0\xC3\x89");
  EXPECT_TRUE(equals_ignoring_case("GZip", "gzIP"));
  EXPECT_FALSE(equals_ignoring_case("[", "{"));
  EXPECT_FALSE(equals_ignoring_case("gzip", "gzi"));
}

TEST(Characters, ControlsAreC0AndDel) {
  for (int byte = 0; byte < 256; ++byte)
    EXPECT_EQ(is_control(static_cast<char>(byte)), byte < 0x20 || byte == 0x7F) << byte;
  EXPECT_FALSE(is_control_but_no_blank('\n'));
  EXPECT_TRUE(is_control_but_no_blank('\v'));
}

TEST(Characters, AreCountedByTheBytesThatBeginThem) {
  EXPECT_EQ(character_count(""), 0U);
  EXPECT_EQ(character_count("a\xC3\xA9\xF0\x9F\x98\x80"), 3U);
}

TEST(Characters, AreNotCutInTheMiddle) {
  EXPECT_EQ(clipped("a\xC3\xA9z", 4), "a\xC3\xA9z");
  EXPECT_EQ(clipped("a\xC3\xA9z", 3), "a\xC3\xA9");
  EXPECT_EQ(clipped("a\xC3\xA9z", 2), "a");
  EXPECT_EQ(clipped("\xC3\xA9", 1), "");
  EXPECT_EQ(clipped("abc", 0), "");
}

}  // namespace
}  // namespace metergate
