#include "service/upkeep/drift.h"

#include <gtest/gtest.h>

#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

Counter calls(std::int64_t count) {
  Counter counter;
  counter.calls.count = count;
  return counter;
}

TEST(Drift, ARecountBetweenTheTwoReadingsProvesNothingWrong) {
  for (const std::int64_t again : {10, 12, 15})
    EXPECT_TRUE(drift_of({calls(10), calls(again), calls(15)}).empty()) << again;
  // An event was voided meanwhile.
  EXPECT_TRUE(drift_of({calls(15), calls(14), calls(13)}).empty());
}

TEST(Drift, WhatLiesOutsideIsToldByItsDistance) {
  const auto lost = drift_of({calls(10), calls(17), calls(15)});
  ASSERT_EQ(lost.size(), 1U);
  EXPECT_EQ(lost[0].figure, "api_calls");
  EXPECT_EQ(lost[0].units, 2);
  EXPECT_EQ(lost[0].counted, 15);
  EXPECT_EQ(lost[0].again, 17);
  const auto twice = drift_of({calls(10), calls(9), calls(10)});
  ASSERT_EQ(twice.size(), 1U);
  EXPECT_EQ(twice[0].units, 1);
}

TEST(Drift, EverySumIsLookedAt) {
  Counter counter;
  counter.calls.unbilled = 1;
  counter.calls.request_bytes = 2;
  counter.calls.response_bytes = 3;
  counter.webhooks.count = 4;
  counter.webhooks.failures = 5;
  EXPECT_EQ(drift_of({Counter{}, counter, Counter{}}).size(), 5U);
}

TEST(Drift, ARoundComparesEveryTenantOfTheOpenPeriodsAndFindsNothing) {
  ServicesWorld world;
  world.add("a", "free");
  world.add("b", "free");
  world.one_call("a", "2026-03-05T10:00:00Z");
  world.record("b", at("2026-03-05T10:00:00Z"), WebhookCall{"w", false, 500, 1, {}});
  Drift drift({*world.store, world.billing, world.clock, world.log});
  EXPECT_FALSE(drift.state().last_at);
  const TickReport report = must(drift.tick());
  EXPECT_EQ(report.done, 2);
  EXPECT_EQ(report.faults, 0);
  const DriftState state = drift.state();
  EXPECT_EQ(state.units, 0);
  EXPECT_EQ(state.rounds, 1);
  EXPECT_EQ(state.checked, 2);
  EXPECT_EQ(state.unproven, 0);
  EXPECT_EQ(state.last_at, world.clock.now());
}

}  // namespace
}  // namespace metergate
