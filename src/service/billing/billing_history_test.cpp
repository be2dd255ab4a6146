#include <gtest/gtest.h>

#include "service/billing/billing.h"
#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

History history_of(const ServicesWorld& world, std::string_view id) {
  return must(world.billing.history(
      must(world.billing.statement(tenant(id), world.billing.current_period()))));
}

TEST(BillingHistory, IsNewestFirstWithoutAHole) {
  ServicesWorld world;
  world.add("a", "free", "2025-11-01T00:00:00Z");
  world.calls("a", "2025-11-10", 7);
  world.stores("a", "2025-11-10T00:00:00Z", 1);
  world.calls("a", "2026-02-10", 9);
  const History history = history_of(world, "a");
  ASSERT_EQ(history.size(), 5U);
  EXPECT_EQ(history[0].period, period("2026-03"));
  EXPECT_EQ(history[1].usage[Meter::api_calls], 9);
  EXPECT_EQ(history[2].usage[Meter::api_calls], 0);
  EXPECT_EQ(history[2].usage[Meter::stores_count], 1);  // levels carry over
  EXPECT_EQ(history[4].period, period("2025-11"));
  EXPECT_EQ(history[4].usage[Meter::api_calls], 7);
}

TEST(BillingHistory, OfANewTenantIsTheCurrentPeriod) {
  ServicesWorld world;
  world.add("new", "free", "2026-03-10T11:00:00Z");
  const History history = history_of(world, "new");
  ASSERT_EQ(history.size(), 1U);
  EXPECT_EQ(history[0].period, period("2026-03"));
}

TEST(BillingStats, SaysWhatTheCallsWereLike) {
  ServicesWorld world;
  world.add("a", "free");
  world.one_call("a", "2026-03-05T10:00:00Z", 200, Microseconds{10'000});
  world.one_call("a", "2026-03-05T10:00:01Z", 500, Microseconds{30'000});
  const PeriodStats stats = must(world.billing.stats(tenant("a"), period("2026-03")));
  EXPECT_EQ(stats.counter->calls.count, 2);
  EXPECT_EQ(stats.counter->calls.successes(), 1);
  EXPECT_EQ(stats.endpoints, 1);
  EXPECT_EQ(must(world.billing.stats(tenant("a"), period("2026-01"))).counter->calls.count, 0);
}

TEST(BillingForecast, FollowsTheRunRateAndNamesTheDay) {
  ServicesWorld world;
  world.add("a", "free");
  for (int on = 1; on <= 9; ++on) world.calls("a", "2026-03-0" + std::to_string(on), 1000);
  const auto forecast =
      must(world.billing.forecast(must(world.billing.statement(tenant("a"), period("2026-03")))));
  const std::optional<Forecast>& calls = forecast[Meter::api_calls];
  ASSERT_TRUE(calls.has_value());
  EXPECT_EQ(calls->expected, 31'000);  // 9,000 so far and 1,000 for each of 22 days
  EXPECT_EQ(calls->passes_on, day("2026-03-11"));
}

TEST(BillingForecast, LevelsGoOnAsTheyAre) {
  ServicesWorld world;
  world.add("a", "basic");
  world.stores("a", "2026-02-10T00:00:00Z", 4);
  const auto forecast =
      must(world.billing.forecast(must(world.billing.statement(tenant("a"), period("2026-03")))));
  ASSERT_TRUE(forecast[Meter::stores_count].has_value());
  EXPECT_EQ(forecast[Meter::stores_count]->expected, 4);
  EXPECT_FALSE(forecast[Meter::stores_count]->passes_on.has_value());
}

TEST(BillingForecast, IsNothingInTheFirstDays) {
  ServicesWorld world{{}, "2026-03-02T12:00:00Z"};
  world.add("a", "free");
  const auto forecast =
      must(world.billing.forecast(must(world.billing.statement(tenant("a"), period("2026-03")))));
  for (const MeterRow& row : kMeters) EXPECT_FALSE(forecast[row.meter].has_value()) << row.name;
}

}  // namespace
}  // namespace metergate
