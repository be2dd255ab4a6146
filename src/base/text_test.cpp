#include "base/text.h"

#include <gtest/gtest.h>

namespace metergate {
namespace {

TEST(Text, CountsCharactersNotBytes) {
  EXPECT_EQ(character_count(""), 0U);
  EXPECT_EQ(character_count("abc"), 3U);
  EXPECT_EQ(character_count("é☕😀"), 3U);
}

TEST(Text, TrimsTheBlanksOfEveryScript) {
  EXPECT_EQ(trimmed_text("  x  "), "x");
  EXPECT_EQ(trimmed_text("\t\r\n"), "");
  EXPECT_EQ(trimmed_text("\u00a0a b\u3000\u2003"), "a b");
  EXPECT_EQ(trimmed_text("é"), "é");
  EXPECT_EQ(trimmed_text(""), "");
}

TEST(Text, FoldsCaseInEveryScript) {
  EXPECT_EQ(folded_case("Adventure PARK"), "adventure park");
  EXPECT_EQ(folded_case("CAFÉ"), folded_case("café"));
  EXPECT_EQ(folded_case("CAFE\u0301"), folded_case("café"));
  EXPECT_EQ(folded_case("ПАРК"), folded_case("парк"));
  EXPECT_EQ(folded_case("ΣΊΣΥΦΟΣ"), folded_case("σίσυφος"));
  EXPECT_EQ(folded_case("STRASSE"), folded_case("straße"));
  EXPECT_EQ(folded_case("İSTANBUL IŞIK"), folded_case("istanbul ışık"));
  EXPECT_EQ(folded_case("İstanbul"), "istanbul");
  EXPECT_NE(folded_case("é"), folded_case("e"));
}

TEST(Text, TakesBytesThatAreNoUtf8AsTheyStand) {
  EXPECT_EQ(folded_case("A\xff"), "a\xff");
  EXPECT_EQ(trimmed_text(" \xff "), "\xff");
  EXPECT_FALSE(is_plain_text("\xff"));
}

TEST(Text, PlainTextHasNoControlCharacters) {
  EXPECT_TRUE(is_plain_text("two\nlines\tand é"));
  EXPECT_FALSE(is_plain_text(std::string("a\0b", 3)));
  EXPECT_FALSE(is_plain_text("del\x7f"));
}

}  // namespace
}  // namespace metergate
