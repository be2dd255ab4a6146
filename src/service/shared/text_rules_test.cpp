#include "service/shared/text_rules.h"

#include <gtest/gtest.h>

#include <string>

namespace metergate {
namespace {

TEST(TextRules, NameIsTextOfBoundedLength) {
  EXPECT_TRUE(is_name("Adventure Park", 200));
  EXPECT_TRUE(is_name("A", 1));
  EXPECT_TRUE(is_name("Caf\xc3\xa9 \xe2\x98\x95", 200));
  EXPECT_FALSE(is_name("", 200));
  EXPECT_FALSE(is_name("   ", 200));
  EXPECT_FALSE(is_name("two\nlines", 200));
  EXPECT_FALSE(is_name("del\x7f", 200));
  EXPECT_TRUE(is_name(std::string(200, 'a'), 200));
  EXPECT_FALSE(is_name(std::string(201, 'a'), 200));
}

TEST(TextRules, LengthCountsCharactersBetweenBlanks) {
  EXPECT_EQ(trimmed_length(""), 0u);
  EXPECT_EQ(trimmed_length(" \t\n"), 0u);
  EXPECT_EQ(trimmed_length("  abc "), 3u);
  EXPECT_EQ(trimmed_length("\xc3\xa9\xe2\x98\x95"), 2u);
}

}  // namespace
}  // namespace metergate
