#include "service/analytics/usage_shares.h"

#include <gtest/gtest.h>

#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

using std::chrono::days;

RowDays month(std::string_view text) {
  const Period of = period(text);
  return {of.first_day(), of.last_day(), of.first_day()};
}

class UsageShares : public testing::Test {
 protected:
  UsageShares() {
    world_.add("a", "basic", "2026-01-20T00:00:00Z");
    world_.calls("a", "2026-01-25", 5);
    world_.calls("a", "2026-02-10", 7);
    world_.storage("a", "2026-02-11T10:00:00Z", "2");
  }
  std::vector<UsageShare> read(std::vector<RowDays> rows) {
    const ShareSources sources{*world_.store, world_.rules, day("2026-03-10")};
    std::vector<UsageShare> shares;
    must(read_shares(sources, *must(world_.directory->get(tenant("a"))), rows, shares));
    std::vector<UsageShare> of_all;
    must(read_all_shares(sources, *world_.directory, rows,
                         [&](const TenantRecord&, const std::vector<UsageShare>& some) {
                           of_all.insert(of_all.end(), some.begin(), some.end());
                         }));
    EXPECT_EQ(of_all, shares) << "read of all tenants";
    return shares;
  }
  ServicesWorld world_;
};

TEST_F(UsageShares, OfMonthsHaveTheirCallsAndWhatIsStoredAtTheirEnds) {
  const auto shares = read({month("2025-12"), month("2026-01"), month("2026-02")});
  ASSERT_EQ(shares.size(), 3U);
  EXPECT_EQ(shares[0], UsageShare{});
  EXPECT_EQ(shares[1].calls.count, 5);
  EXPECT_TRUE(shares[1].is_active);
  EXPECT_GE(shares[1].storage_bytes, 100LL << 20);
  EXPECT_EQ(shares[2].calls.count, 7);
  EXPECT_EQ(shares[2].storage_bytes, 2 * kBytesPerGigabyte);
}

TEST_F(UsageShares, OfOneMonthCarryWhatWasStoredBefore) {
  const auto shares = read({month("2026-03")});
  ASSERT_EQ(shares.size(), 1U);
  EXPECT_FALSE(shares[0].is_active);
  EXPECT_EQ(shares[0].storage_bytes, 2 * kBytesPerGigabyte);
}

TEST_F(UsageShares, OfDaysAddUpToTheirMonth) {
  std::vector<RowDays> rows;
  for (Day at = day("2026-02-01"); at <= day("2026-02-28"); at += days{1})
    rows.push_back({at, at, at});
  CallSums calls;
  for (const UsageShare& share : read(rows)) calls.merge(share.calls);
  EXPECT_EQ(calls, read({month("2026-02")})[0].calls);
}

TEST_F(UsageShares, OfDaysToComeAreEmpty) {
  EXPECT_EQ(read({month("2026-04")})[0], UsageShare{});
  const Day at = day("2026-03-11");
  EXPECT_EQ(read({{at, at, at}})[0], UsageShare{});
}

}  // namespace
}  // namespace metergate
