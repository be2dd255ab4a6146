#include "service/billing/billing.h"

#include <gtest/gtest.h>

#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

TEST(Billing, PricesTheWorkedExample) {
  ServicesWorld world;
  world.add_worked_example();
  const Statement statement =
      must(world.billing.statement(tenant("tenant_456"), period("2026-03")));
  EXPECT_EQ(statement.rated.cost->micros, 48'400'000);
  EXPECT_EQ(statement.rated.health, Health::critical);
  EXPECT_TRUE(statement.rated.has_overages);
  EXPECT_EQ(statement.usage[Meter::api_calls], 65'000);
  EXPECT_FALSE(statement.is_closed);
}

TEST(Billing, TenantWithoutUsageTakesTheBaseOfItsStorageOnly) {
  ServicesWorld world;
  world.add("quiet", "free", "2026-03-10T11:00:00Z");
  const Statement statement = must(world.billing.statement(tenant("quiet"), period("2026-03")));
  EXPECT_EQ(statement.usage[Meter::api_calls], 0);
  EXPECT_GE(statement.usage[Meter::storage_gb], 100LL << 20);
  EXPECT_LT(statement.usage[Meter::storage_gb], (100LL << 20) + 10'000);
  EXPECT_EQ(statement.rated.cost, Money{});
}

TEST(Billing, UnknownTenantIsNotFound) {
  ServicesWorld world;
  const Result<Statement> statement = world.billing.statement(tenant("nobody"), period("2026-03"));
  ASSERT_FALSE(statement.has_value());
  EXPECT_EQ(statement.error().code, ErrorCode::tenant_not_found);
}

TEST(Billing, FuturePeriodIsRefusedWithTheCurrentOneNamed) {
  ServicesWorld world;
  world.add("a", "free");
  const Result<Statement> statement = world.billing.statement(tenant("a"), period("2026-04"));
  ASSERT_FALSE(statement.has_value());
  EXPECT_EQ(statement.error().code, ErrorCode::invalid);
  EXPECT_NE(statement.error().message.find("2026-03"), std::string::npos);
  EXPECT_FALSE(world.billing.all_statements(period("2026-04")).has_value());
}

TEST(Billing, TenantMadeAfterThePeriodIsNotInIt) {
  ServicesWorld world;
  world.add("old", "free", "2026-01-15T00:00:00Z");
  world.add("new", "free", "2026-03-01T00:00:00Z");
  const std::vector<Statement> february = must(world.billing.all_statements(period("2026-02")));
  ASSERT_EQ(february.size(), 1U);
  EXPECT_EQ(february[0].tenant.text(), "old");
  EXPECT_EQ(must(world.billing.all_statements(period("2026-03"))).size(), 2U);
}

TEST(Billing, ImportedUsageOfATenantMadeLaterIsInItsPeriod) {
  ServicesWorld world;
  world.add("late", "free", "2026-03-05T00:00:00Z");
  world.calls("late", "2026-02-10", 20'000);
  const std::vector<Statement> february = must(world.billing.all_statements(period("2026-02")));
  ASSERT_EQ(february.size(), 1U);
  EXPECT_EQ(february[0].usage[Meter::api_calls], 20'000);
}

TEST(Billing, PeriodFromBeforeAnythingIsKeptShowsNothingUsed) {
  ServicesWorld world;
  world.add("old", "free", "2020-01-01T00:00:00Z");
  const Statement statement = must(world.billing.statement(tenant("old"), period("2020-06")));
  EXPECT_TRUE(statement.is_closed);
}

TEST(Billing, PastPeriodKeepsThePlanItEndedWith) {
  ServicesWorld world;
  world.add("a", "basic");
  world.clock.set(at("2026-03-09T00:00:00Z"));
  world.change_plan("a", "premium");
  world.clock.set(at("2026-03-10T00:00:00Z"));
  EXPECT_EQ(must(world.billing.statement(tenant("a"), period("2026-02"))).terms.plan, "basic");
  EXPECT_EQ(must(world.billing.statement(tenant("a"), period("2026-03"))).terms.plan, "premium");
}

TEST(Billing, OtherPlanIsTriedOnWithoutChangingAnything) {
  ServicesWorld world;
  world.add_worked_example();
  const Sequence before = world.store->head();
  Subscription wanted = world.directory->find(tenant("tenant_456"))->subscription;
  wanted.move_to("enterprise", world.clock.now());
  const Statement tried = must(world.billing.statement_with(wanted));
  EXPECT_EQ(tried.terms.plan, "enterprise");
  EXPECT_EQ(tried.rated.cost, Money{});
  EXPECT_EQ(tried.rated.health, Health::healthy);
  EXPECT_EQ(world.store->head(), before);
  wanted.move_to("gold", world.clock.now());
  EXPECT_FALSE(world.billing.statement_with(wanted).has_value());
}

TEST(Billing, LastClosedPeriodWaitsForTheGrace) {
  ServicesWorld world;
  EXPECT_EQ(world.billing.last_closed_period(), period("2026-02"));
  world.clock.set(at("2026-03-03T23:59:59Z"));
  EXPECT_EQ(world.billing.last_closed_period(), period("2026-01"));
  world.clock.set(at("2026-03-04T00:00:00Z"));
  EXPECT_EQ(world.billing.last_closed_period(), period("2026-02"));
}

TEST(Billing, PeriodsAreCutInTheBillingTimeZone) {
  ServicesWorld world{rules_in("Asia/Kathmandu"), "2026-03-31T20:00:00Z"};
  EXPECT_EQ(world.billing.current_period(), period("2026-04"));
}

TEST(Billing, UnreadableStoreIsAnErrorAndNotAnEmptyList) {
  ServicesWorld world;
  world.add("a", "free");
  world.store->faults().refuse_reads = true;
  EXPECT_FALSE(world.billing.all_statements(period("2026-03")).has_value());
}

}  // namespace
}  // namespace metergate
