#include "service/analytics/usage_sum.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>
#include <random>

namespace metergate {
namespace {

UsageShare share_of(std::mt19937& dice) {
  const auto roll = [&](int to) {
    return static_cast<int>(dice() % static_cast<unsigned>(to + 1));
  };
  UsageShare share;
  share.storage_bytes = roll(1 << 20);
  for (int left = roll(20); left > 0; --left) {
    ApiCall call;
    call.status = 100 * (1 + roll(4));
    call.request_bytes = roll(500);
    call.response_bytes = roll(5000);
    call.duration = Microseconds{roll(3) == 0 ? roll(2'000'000'000) : roll(20'000)};
    share.calls.fold(call, roll(9) > 0);
    share.webhooks.fold({"hook", roll(1) == 0, 200, 1, Microseconds{roll(900)}});
  }
  share.is_active = share.calls.count > 0;
  return share;
}

UsageTotals merged(const std::vector<UsageShare>& shares) {
  UsageTotals totals;
  for (const UsageShare& share : shares) {
    totals.calls.merge(share.calls);
    totals.webhooks.merge(share.webhooks);
    totals.storage_bytes += share.storage_bytes;
    if (share.is_active) ++totals.active_tenants;
  }
  return totals;
}

void expect_same(const UsageTotals& a, const UsageTotals& b) {
  EXPECT_EQ(a.calls, b.calls);
  EXPECT_EQ(a.webhooks, b.webhooks);
  EXPECT_EQ(a.storage_bytes, b.storage_bytes);
  EXPECT_EQ(a.active_tenants, b.active_tenants);
}

TEST(UsageShare, ComesBackFromItsPackedForm) {
  std::mt19937 dice{7};
  for (int i = 0; i < 200; ++i) {
    const UsageShare share = share_of(dice);
    EXPECT_EQ(unpacked(packed(share)), share) << i;
  }
  EXPECT_EQ(packed(UsageShare{}), "");
  UsageShare most;
  most.calls.count = std::numeric_limits<std::int64_t>::max();
  most.storage_bytes = most.calls.count;
  EXPECT_EQ(unpacked(packed(most)), most);
}

// After any additions and subtractions, the sum is that of the remaining shares.
RC_GTEST_PROP(UsageSum, IsWhatItsSharesMergeTo, (unsigned seed)) {
  std::mt19937 dice{seed};
  std::vector<UsageShare> shares(8);
  UsageSum sum;
  for (int i = 0; i < 40; ++i) {
    UsageShare& one = shares[dice() % shares.size()];
    sum.subtract(one);
    one = share_of(dice);
    sum.add(one);
    if (i % 8 == 0) expect_same(sum.totals(), merged(shares));
  }
  for (const UsageShare& share : shares) sum.subtract(share);
  expect_same(sum.totals(), UsageTotals{});
  RC_ASSERT(!testing::Test::HasFailure());
}

TEST(UsageSum, ForgetsNothingThatIsPastTheMaximumOfItsTotals) {
  UsageShare most;
  most.calls.count = std::numeric_limits<std::int64_t>::max();
  most.calls.durations.add(Microseconds{5}, std::numeric_limits<std::uint32_t>::max());
  UsageShare one;
  one.calls.count = 1;
  one.calls.durations.add(Microseconds{5});
  UsageSum sum;
  sum.add(most);
  sum.add(one);
  expect_same(sum.totals(), merged({most, one}));
  sum.subtract(most);
  expect_same(sum.totals(), merged({one}));
}

}  // namespace
}  // namespace metergate
