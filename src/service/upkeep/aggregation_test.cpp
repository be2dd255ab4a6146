#include "service/upkeep/aggregation.h"

#include <gtest/gtest.h>

#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

TEST(Aggregation, ClosesAPeriodWhenItsGraceIsOverAndNotBefore) {
  ServicesWorld world{{}, "2026-03-03T23:59:59Z"};
  world.add("a", "free", "2026-02-01T00:00:00Z");
  must(world.aggregation.tick());
  EXPECT_FALSE(world.store->closed_through().has_value());
  world.clock.set(at("2026-03-04T00:00:00Z"));
  must(world.aggregation.tick());
  EXPECT_EQ(world.store->closed_through(), period("2026-02"));
  EXPECT_EQ(world.documents(Collection::usage_reports).size(), 1U);
}

TEST(Aggregation, FreezesEveryMonthThatWasMissedEachWithItsOwnTerms) {
  ServicesWorld world;
  world.add("a", "free", "2025-12-01T00:00:00Z");
  world.calls("a", "2026-01-10", 12'000);
  world.clock.set(at("2026-02-10T00:00:00Z"));
  world.change_plan("a", "basic");
  world.clock.set(at("2026-03-10T12:00:00Z"));
  EXPECT_EQ(must(world.aggregation.close_periods()).done, 3);
  EXPECT_EQ(must(world.aggregation.close_periods()).done, 0);
  const FrozenReports frozen{*world.store};
  const auto january = must(frozen.closed_statement(period("2026-01"), tenant("a")));
  EXPECT_EQ(january.value().statement.terms.plan, "free");
  EXPECT_EQ(january.value().statement.rated.cost->micros, 2'000'000);
  const auto february = must(frozen.closed_statement(period("2026-02"), tenant("a")));
  EXPECT_EQ(february.value().statement.terms.plan, "basic");
}

TEST(Aggregation, LeavesMonthsFromBeforeAnythingWasHereOpenForTheirHistory) {
  ServicesWorld world;
  world.add("a", "free", "2026-03-05T00:00:00Z");
  must(world.aggregation.tick());
  EXPECT_FALSE(world.store->closed_through().has_value());
  EXPECT_TRUE(world.documents(Collection::usage_reports).empty());
}

TEST(Aggregation, WithoutReportsPeriodsAreClosedAllTheSame) {
  BillingRules rules;
  rules.report_generation = false;
  ServicesWorld world{rules};
  world.add("a", "free");
  must(world.aggregation.tick());
  EXPECT_EQ(world.store->closed_through(), period("2026-02"));
  EXPECT_TRUE(world.documents(Collection::usage_reports).empty());
}

TEST(Aggregation, FindsAlertsThatWereMissed) {
  ServicesWorld world;
  world.add_worked_example();
  static_cast<void>(world.store->take_touched(1000));
  must(world.aggregation.tick());
  EXPECT_EQ(world.documents(Collection::provider_alerts).size(), 1U);
}

TEST(Aggregation, RecountsTenantsSliceAfterSlice) {
  ServicesWorld world;
  world.add("a", "free");
  world.add("b", "free");
  EXPECT_EQ(must(world.aggregation.recount_slice()).done, 2);
  EXPECT_EQ(must(world.aggregation.recount_slice()).done, 2);  // begins again at the first
  EXPECT_EQ(must(world.aggregation.recount_slice()).faults, 0);
}

TEST(Aggregation, UnreadableStoreIsAnError) {
  ServicesWorld world;
  world.add("a", "free");
  world.store->faults().refuse_reads = true;
  EXPECT_FALSE(world.aggregation.tick().has_value());
}

}  // namespace
}  // namespace metergate
