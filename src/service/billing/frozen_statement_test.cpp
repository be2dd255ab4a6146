#include <gtest/gtest.h>

#include "service/billing/frozen_reports.h"
#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

Statement frozen_example() {
  ServicesWorld world;
  world.add_worked_example();
  return must(world.billing.statement(tenant("tenant_456"), period("2026-03")));
}

TEST(FrozenStatement, ReadsBackAsItWasWritten) {
  const Statement before = frozen_example();
  const Json row = frozen_json(before);
  const Statement after = must(read_back(row));
  EXPECT_EQ(after.tenant, before.tenant);
  EXPECT_EQ(after.tenant_name, before.tenant_name);
  EXPECT_EQ(after.usage, before.usage);
  EXPECT_EQ(after.peaks, before.peaks);
  EXPECT_EQ(after.terms.limits, before.terms.limits);
  EXPECT_EQ(after.terms.rates, before.terms.rates);
  EXPECT_EQ(after.terms.plan_version, before.terms.plan_version);
  EXPECT_EQ(after.rated.lines, before.rated.lines);
  EXPECT_EQ(after.rated.cost, before.rated.cost);
  EXPECT_EQ(after.rated.health, before.rated.health);
}

TEST(FrozenStatement, ShowsWhatTheApiShows) {
  const Statement statement = frozen_example();
  Json row = frozen_json(statement);
  ASSERT_TRUE(row.remove("exact"));
  EXPECT_EQ(to_text(row), to_text(tenant_billing_json(statement)));
}

TEST(FrozenStatement, CostStaysAsFrozen) {
  Json row = frozen_json(frozen_example());
  Json exact = *row.find("exact");
  exact.set("cost", 47'000'000);
  row.set("exact", exact);
  EXPECT_EQ(must(read_back(row)).rated.cost->micros, 47'000'000);
}

TEST(FrozenStatement, UnlimitedStaysUnlimited) {
  Statement statement = frozen_example();
  statement.terms.limits[Meter::api_calls] = Limit{std::nullopt, LimitEffect::hard};
  statement.rated =
      rate(statement.usage, statement.terms.limits, statement.terms.rates, Currency::usd());
  const Statement back = must(read_back(frozen_json(statement)));
  EXPECT_EQ(back.terms.limits[Meter::api_calls], (Limit{std::nullopt, LimitEffect::hard}));
}

TEST(FrozenStatement, DamageIsNoticed) {
  const Json whole = frozen_json(frozen_example());
  for (const std::string_view member : {"tenant_id", "tenant_name", "status", "plan", "exact"}) {
    Json row = whole;
    ASSERT_TRUE(row.remove(member));
    EXPECT_FALSE(read_back(row).has_value()) << member;
  }
  for (const std::string_view member : {"plan_version", "currency", "cost", "peaks", "lines"}) {
    Json row = whole;
    Json exact = *row.find("exact");
    ASSERT_TRUE(exact.remove(member));
    row.set("exact", exact);
    EXPECT_FALSE(read_back(row).has_value()) << member;
  }
}

TEST(FrozenStatement, UsageThatDoesNotGiveTheFrozenOverageIsDamage) {
  Json row = frozen_json(frozen_example());
  Json exact = *row.find("exact");
  Json lines = *exact.find("lines");
  lines.as_array()[0].as_array()[0] = Json{7};
  exact.set("lines", lines);
  row.set("exact", exact);
  const Result<Statement> statement = read_back(row);
  ASSERT_FALSE(statement.has_value());
  EXPECT_EQ(statement.error().code, ErrorCode::corrupt);
}

}  // namespace
}  // namespace metergate
