#include "http/words/url.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/utf8.h"

namespace metergate::http {
namespace {

TEST(Target, IsSplitIntoPathAndQueryValuesInOrder) {
  const auto target = parse_target("/a/b?x=1&y=2&x=3");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/a/b");
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"x", "1"}, {"y", "2"}, {"x", "3"}};
  EXPECT_EQ(target->query, expected);
}

TEST(Target, IsDecodedOnce) {
  const auto target = parse_target("/caf%C3%A9/100%2525?q=a+b%2Bc&empty&n=");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/caf\xC3\xA9/100%25");
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"q", "a b+c"}, {"empty", ""}, {"n", ""}};
  EXPECT_EQ(target->query, expected);
}

TEST(Target, WithoutQueryHasNone) {
  EXPECT_TRUE(parse_target("/")->query.empty());
  EXPECT_TRUE(parse_target("/?")->query.empty());
  EXPECT_TRUE(parse_target("/?&&")->query.empty());
}

class RefusedTarget : public testing::TestWithParam<const char*> {};

TEST_P(RefusedTarget, IsInvalid) {
  const auto target = parse_target(GetParam());
  ASSERT_FALSE(target) << GetParam();
  EXPECT_EQ(target.error().code, ErrorCode::invalid);
}

INSTANTIATE_TEST_SUITE_P(
    Each, RefusedTarget,
    testing::Values("", "a", "*", "http://host/a", "/a#b", "/a?b#c", "/a b", "/a\tb", "/a\x7f",
                    "/a\x80", "/%", "/%4", "/%4g", "/%g4", "/a%2Fb", "/a%2fb", "/a%5Cb", "/a%5cb",
                    "/a\\b", "/%00", "/a%0d%0ab", "/a%0A", "/%7F", "/.", "/..", "/a/../b", "/a/./b",
                    "/a/..", "/%2e%2e/a", "/a/%2E", "/a/.%2e/b", "/%C3", "/%C0%AF", "/%ED%A0%80",
                    "/%F5%80%80%80", "/%FF", "/a\"b", "/a<b", "/a{b}", "/a|b", "/a^b", "/a`b",
                    "/?a=%", "/?a=%0", "/?a=%zz", "/?a=%00", "/?a=%0A", "/?%01=1", "/?a=%FF"));

TEST(Target, WithDotsInsideASegmentIsFine) {
  EXPECT_EQ(parse_target("/a..b/.c/d./...")->path, "/a..b/.c/d./...");
}

TEST(PassingPath, IsDecodedWhereThatLosesNothing) {
  const std::pair<const char*, const char*> rows[] = {
      {"/a%20b/%7Ec?x=%2F", "/a b/~c"},
      {"/projects/group%2Fproj", "/projects/group%2Fproj"},
      {"/gid%3A%2F%2Fgitlab", "/gid:%2F%2Fgitlab"},
      {"/a%5cb/100%25/%252F/%3f%23", "/a%5cb/100%25/%252F/%3f%23"},
      {"/a%0Ab%7f", "/a%0Ab%7f"},
      {"/caf%C3%A9/caf%E9", "/caf\xC3\xA9/caf%E9"},
      {"/%C3%A9%FF/%E2%82", "/%C3%A9%FF/%E2%82"},
      {"/a[0]|b^", "/a[0]|b^"}};
  for (const auto& [target, path] : rows) EXPECT_EQ(parse_passing_path(target).value(), path);
}

TEST(PassingPath, IsRefusedWhereItMayBeAnother) {
  for (const char* target : {"", "a", "*", "/a#b", "/%", "/%4", "/%zz", "/a/%00", "/.", "/a/../b",
                             "/a/%2e%2E/b", "/a/.%2e", "/a\"b", "/a\\b", "/a b", "/a\x80"})
    EXPECT_FALSE(parse_passing_path(target)) << target;
}

TEST(Target, WithMoreThan64ValuesIsRefused) {
  std::string query = "/?";
  for (int i = 0; i < 64; ++i) query += "a=1&";
  EXPECT_TRUE(parse_target(query));
  EXPECT_FALSE(parse_target(query + "a=1"));
}

RC_GTEST_PROP(Target, OfAnyBytesIsRefusedOrDecodedCleanly, (const std::string& bytes)) {
  const auto target = parse_target("/" + bytes);
  if (!target) return;
  RC_ASSERT(target->path.front() == '/');
  RC_ASSERT(is_well_formed_utf8(target->path));
  RC_ASSERT(target->path.find('\0') == std::string::npos);
}

RC_GTEST_PROP(PercentDecode, UndoesEncodingOfEveryByte, (const std::string& bytes)) {
  std::string encoded;
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    encoded += {'%', kHex[byte >> 4U], kHex[byte & 15U]};
  }
  RC_ASSERT(percent_decode(encoded) == bytes);
}

}  // namespace
}  // namespace metergate::http
