#include "service/papers/year_chart.h"

#include <gtest/gtest.h>

#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

TEST(YearChart, HasThirteenMonthsUpToThePeriodAndTheLimitOfEachMeter) {
  ServicesWorld world;
  world.add("a", "free");
  world.one_call("a", "2026-02-05T10:00:00Z");
  world.one_call("a", "2026-03-05T10:00:00Z");
  world.one_call("a", "2026-03-05T10:00:01Z");
  const Statement statement = must(world.billing.statement(tenant("a"), period("2026-03")));
  const YearChart year = must(year_of(world.billing, statement));
  ASSERT_EQ(year.months.size(), 13U);
  EXPECT_EQ(year.months.front(), period("2025-03"));
  EXPECT_EQ(year.months.back(), period("2026-03"));
  ASSERT_EQ(year.series.size(), kMeters.size());
  const YearSeries& calls = year.series[2];
  EXPECT_EQ(calls.title, "API calls");
  EXPECT_EQ(calls.limit, 10'000);
  EXPECT_EQ(calls.values[12], 2);
  EXPECT_EQ(calls.values[11], 1);
  EXPECT_EQ(calls.newest, "2");
}

TEST(YearChart, OfAllTenantsAddsThemUp) {
  ServicesWorld world;
  world.add("a", "free");
  world.add("b", "free");
  world.one_call("a", "2026-03-05T10:00:00Z");
  world.one_call("b", "2026-03-05T10:00:00Z");
  const YearChart year = must(year_of_all(world.analytics, period("2026-03")));
  ASSERT_EQ(year.series.size(), 4U);
  EXPECT_EQ(year.series[0].values.back(), 2);
  EXPECT_EQ(year.series[3].title, "Active tenants");
  EXPECT_EQ(year.series[3].values.back(), 2);
}

}  // namespace
}  // namespace metergate
