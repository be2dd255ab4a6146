#include "app/dotenv.h"

#include <gtest/gtest.h>

namespace metergate {
namespace {

std::string value_of(std::string_view text) {
  const auto values = parse_dotenv(text);
  return values && values->contains("A") ? values->at("A") : "(none)";
}

TEST(Dotenv, PlainValueIsTrimmed) { EXPECT_EQ(value_of("A =  b c \r\n"), "b c"); }
TEST(Dotenv, EmptyValueIsThere) { EXPECT_EQ(value_of("A="), ""); }
TEST(Dotenv, LastOfANameWins) { EXPECT_EQ(value_of("A=1\nA=2"), "2"); }
TEST(Dotenv, ExportIsAllowed) { EXPECT_EQ(value_of("export A=1"), "1"); }
TEST(Dotenv, HashAfterSpaceIsAComment) { EXPECT_EQ(value_of("A=1 # one"), "1"); }
TEST(Dotenv, HashInsideAValueIsKept) { EXPECT_EQ(value_of("A=1#one"), "1#one"); }
TEST(Dotenv, SingleQuotesKeepEverything) { EXPECT_EQ(value_of("A=' #\\n$B '"), " #\\n$B "); }
TEST(Dotenv, DoubleQuotesReadEscapes) {
  EXPECT_EQ(value_of(R"(A="a\"b\\c\nd\$e")"), "a\"b\\c\nd$e");
}
TEST(Dotenv, EqualsInsideAValueIsKept) { EXPECT_EQ(value_of("A=b=c=="), "b=c=="); }
TEST(Dotenv, CommentsAndEmptyLinesAreSkipped) { EXPECT_EQ(value_of("# x\n\n  \nA=1\n"), "1"); }
TEST(Dotenv, EmptyTextHasNoValues) { EXPECT_TRUE(parse_dotenv("")->empty()); }

TEST(Dotenv, LineWithoutEqualsIsRefusedByItsNumber) {
  const auto values = parse_dotenv("A=1\nsecret words\n");
  ASSERT_FALSE(values);
  EXPECT_NE(values.error().message.find("line 2"), std::string::npos);
  EXPECT_EQ(values.error().message.find("secret"), std::string::npos);
}

TEST(Dotenv, OpenQuotesAndBadNamesAreRefused) {
  EXPECT_FALSE(parse_dotenv("A='b"));
  EXPECT_FALSE(parse_dotenv("A=\"b"));
  EXPECT_FALSE(parse_dotenv("A=\"b\" c"));
  EXPECT_FALSE(parse_dotenv("1A=b"));
  EXPECT_FALSE(parse_dotenv("A-B=c"));
}

}  // namespace
}  // namespace metergate
