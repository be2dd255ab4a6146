#include "http/words/path_readings.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "http/words/url.h"

namespace metergate::http {
namespace {

bool reads_as(std::string_view target, std::string_view reading) {
  const auto path = parse_passing_path(target);
  if (!path) return false;
  const auto readings = readings_of(*path);
  return readings && std::ranges::find(*readings, reading) != readings->end();
}

TEST(PathReadings, OfAPlainPathAreOne) {
  for (const char* path : {"/api/tenants/t1/orders", "/a..b/...", "/a,b=c@d:e"})
    EXPECT_EQ(readings_of(path).value(), std::vector<std::string>{path}) << path;
}

TEST(PathReadings, AreWhatOtherServersMakeOfIt) {
  EXPECT_TRUE(reads_as("/a%2Fb", "/a/b"));
  EXPECT_TRUE(reads_as("/a%252fb", "/a/b"));
  EXPECT_TRUE(reads_as("/a%25252fb", "/a/b"));
  EXPECT_TRUE(reads_as("/a%5Cb", "/a/b"));
  EXPECT_TRUE(reads_as("/a%EF%BC%8Fb", "/a/b")) << "a fullwidth slash";
  EXPECT_TRUE(reads_as("/a%E2%88%95b", "/a/b")) << "a division slash";
  EXPECT_TRUE(reads_as("/a%C0%AFb", "/a/b")) << "a slash in two bytes";
  EXPECT_TRUE(reads_as("/a%25u2215b", "/a/b"));
  EXPECT_TRUE(reads_as("/a;x/b", "/a/b"));
  EXPECT_TRUE(reads_as("/a;%2Fx/b", "/a/b"));
  EXPECT_TRUE(reads_as("/a;%2Fx/b", "/a/x/b")) << "decoded before it is cut";
  EXPECT_TRUE(reads_as("//a//b", "/a/b"));
  EXPECT_TRUE(reads_as("/a%0Ab", "/ab"));
  EXPECT_TRUE(reads_as("/a%20/b", "/a/b"));
}

TEST(PathReadings, HaveNoDotSegment) {
  for (const char* target : {"/a/..;/b",
                             "/a/..;x=1/b",
                             "/a/.;/b",
                             "/a%2F..%2Fb",
                             "/a/%2e%2e%2fb",
                             "/a/..%2Fb",
                             "/a%2F../b",
                             "/a/%252e%252e/b",
                             "/a/%25252e%25252e%25252fb",
                             "/a/..%5Cb",
                             "/a%5C..%5Cb",
                             "/a/%E2%80%A5/b",
                             "/a/%E2%80%A4%E2%80%A4/b",
                             "/a%EF%BC%8F..%EF%BC%8Fb",
                             "/a%E2%88%95..%E2%88%95b",
                             "/a/%EF%BC%8E%EF%BC%8E/b",
                             "/a/%C0%AE%C0%AE/b",
                             "/a/..%20/b",
                             "/a/..%0A/b",
                             "/a/.%E2%80%8B./b",
                             "/a/%25u002e%25u002e/b",
                             "/a/%25c0%25ae%25c0%25ae/b",
                             "/a%EF%BC%8F%E2%80%A5",
                             "/a/%2e%00/b"}) {
    const auto path = parse_passing_path(target);
    EXPECT_FALSE(path && readings_of(*path)) << target;
  }
}

TEST(PathReadings, MayHaveDotsAndLookAlikesThatAreNoSegment) {
  for (const char* target :
       {"/compare/main...next%2Fbranch", "/AC%EF%BC%8FDC", "/a%E2%80%A5b", "/.well-known/a%2Fb",
        "/...%2F..a", "/a%25252fb", "/100%25/x", "/a;v=1.2/b;c", "/x%E2%80%A6y", "/a//b"}) {
    const auto path = parse_passing_path(target);
    ASSERT_TRUE(path) << target;
    EXPECT_TRUE(readings_of(*path)) << target;
  }
}

TEST(PathReadings, AreBounded) {
  std::string path = "/a";
  for (int i = 0; i < 100; ++i) path += "%25";
  std::string nested = "/%";
  for (int i = 0; i < 500; ++i) nested += "25";
  EXPECT_TRUE(readings_of(path));
  const auto refused = readings_of(nested + "2f");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("encoded so often"), std::string::npos);
}

}  // namespace
}  // namespace metergate::http
