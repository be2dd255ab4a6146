#include "base/id.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>
#include <unordered_set>

namespace metergate {
namespace {

TEST(TenantId, TakesItsSyntaxAndKeepsTheText) {
  for (const std::string& text :
       {std::string{"a"}, std::string{"7"}, std::string{"tenant_123"}, std::string{"A.b_c:d-e"},
        std::string{"x.."}, std::string(64, 'z')}) {
    const auto id = TenantId::parse(text);
    ASSERT_TRUE(id) << text;
    EXPECT_EQ(id->text(), text);
  }
}

TEST(TenantId, RefusesEverythingElse) {
  for (const std::string& text :
       {std::string{}, std::string{"_a"}, std::string{"-a"}, std::string{"."}, std::string{".."},
        std::string{":a"}, std::string{"a b"}, std::string{"a/b"}, std::string{"a\\b"},
        std::string{"a\n"}, std::string{"a%2f"}, std::string{"a$"}, std::string{"caf\xc3\xa9"},
        std::string("a\0b", 3), std::string(65, 'z'), std::string{"{\"$ne\":\"\"}"}}) {
    const auto id = TenantId::parse(text);
    ASSERT_FALSE(id) << text;
    EXPECT_EQ(id.error().code, ErrorCode::invalid);
  }
}

TEST(TenantId, IsOrderedAndHashedByItsText) {
  const TenantId a = *TenantId::parse("a");
  const TenantId b = *TenantId::parse("b");
  EXPECT_LT(a, b);
  EXPECT_EQ(a, *TenantId::parse("a"));
  EXPECT_NE(a, *TenantId::parse("A"));
  const std::unordered_set<TenantId> ids{a, b, a};
  EXPECT_EQ(ids.size(), 2U);
}

TEST(Ulid, Has26CharactersOfCrockfordBase32) {
  const std::string ulid = make_ulid(Timestamp{Milliseconds{1'772'706'600'123}});
  EXPECT_EQ(ulid.size(), 26U);
  EXPECT_EQ(ulid.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ"), std::string::npos);
  EXPECT_TRUE(is_id_syntax(ulid));
}

TEST(Ulid, BeginsWithItsTime) {
  EXPECT_TRUE(make_ulid(Timestamp{}).starts_with("0000000000"));
  EXPECT_TRUE(make_ulid(Timestamp{Milliseconds{1}}).starts_with("0000000001"));
  EXPECT_TRUE(make_ulid(Timestamp{Milliseconds{32}}).starts_with("0000000010"));
  // The example of the specification.
  EXPECT_TRUE(make_ulid(Timestamp{Milliseconds{1'469'918'176'385}}).starts_with("01ARYZ6S41"));
}

RC_GTEST_PROP(Ulid, IsSortedByTime, ()) {
  const auto a = *rc::gen::inRange<std::int64_t>(0, kTimestampMax.time_since_epoch().count());
  const auto b = *rc::gen::inRange<std::int64_t>(0, kTimestampMax.time_since_epoch().count());
  const std::string first = make_ulid(Timestamp{Milliseconds{a}});
  const std::string second = make_ulid(Timestamp{Milliseconds{b}});
  if (a != b) RC_ASSERT((first < second) == (a < b));
}

TEST(Ulid, IsNeverTheSameInOneMillisecond) {
  std::set<std::string> seen;
  for (int i = 0; i < 10'000; ++i) seen.insert(make_ulid(Timestamp{}));
  EXPECT_EQ(seen.size(), 10'000U);
}

TEST(Ulid, UsesEveryBitOfItsRandomPart) {
  std::set<char> seen[26];
  for (int i = 0; i < 2000; ++i) {
    const std::string ulid = make_ulid(Timestamp{});
    for (std::size_t at = 10; at < 26; ++at) seen[at].insert(ulid[at]);
  }
  for (std::size_t at = 10; at < 26; ++at) EXPECT_EQ(seen[at].size(), 32U) << "character " << at;
}

}  // namespace
}  // namespace metergate
