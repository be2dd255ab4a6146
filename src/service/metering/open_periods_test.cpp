#include "service/metering/open_periods.h"

#include "service/testing/core_world_test.h"

namespace metergate {
namespace {

using namespace core_world;

TEST(OpenPeriods, AMonthIsOpenUntilItsGraceIsOver) {
  TestWorld world;
  const auto from = [&](std::string_view now) {
    world.clock.set(at(now));
    return to_text(open_from(*world.store, world.rules, world.clock));
  };
  EXPECT_EQ(from("2026-03-05T10:30:00Z"), "2026-03-01T00:00:00.000Z");
  EXPECT_EQ(from("2026-03-03T23:59:59.999Z"), "2026-02-01T00:00:00.000Z");
  EXPECT_EQ(from("2026-03-04T00:00:00Z"), "2026-03-01T00:00:00.000Z");
  world.rules.grace = std::chrono::hours{24 * 45};
  EXPECT_EQ(from("2026-03-05T10:30:00Z"), "2026-01-01T00:00:00.000Z");
}

TEST(OpenPeriods, WhatWasClosedStaysClosed) {
  TestWorld world;
  Batch batch;
  batch.close_through = Period::parse("2026-03").value();
  ASSERT_TRUE(world.store->apply(std::move(batch)));
  for (const std::string_view now : {"2026-03-02T00:00:00Z", "2026-04-02T00:00:00Z"}) {
    world.clock.set(at(now));
    EXPECT_EQ(to_text(open_from(*world.store, world.rules, world.clock)),
              "2026-04-01T00:00:00.000Z");
  }
}

}  // namespace
}  // namespace metergate
