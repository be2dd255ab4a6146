#include "domain/statement.h"

#include <gtest/gtest.h>

namespace metergate {
namespace {

Statement statement(std::string plan, Health health, std::int64_t micros) {
  Statement made;
  made.terms.plan = std::move(plan);
  made.rated.health = health;
  made.rated.has_overages = health == Health::critical;
  made.rated.cost = Money{micros};
  return made;
}

TEST(StatementSummary, AddsUpWhatTheStatementsShow) {
  StatementSummary summary;
  summary.add(statement("basic", Health::critical, 48'400'000));
  summary.add(statement("free", Health::healthy, 0));
  summary.add(statement("basic", Health::warning, 0));
  EXPECT_EQ(summary.tenants, 3);
  EXPECT_EQ(summary.tenants_with_overages, 1);
  EXPECT_EQ(summary.by_health, (std::array<std::int64_t, 4>{1, 0, 1, 1}));
  ASSERT_EQ(summary.by_plan.size(), 2U);
  EXPECT_EQ(summary.by_plan[0], (std::pair<std::string, std::int64_t>{"basic", 2}));
  EXPECT_EQ(summary.by_plan[1], (std::pair<std::string, std::int64_t>{"free", 1}));
  EXPECT_EQ(summary.total_overage_cost, Money{48'400'000});
  EXPECT_EQ(to_text(summary.overage_rate_percent()), "33.3");
}

TEST(StatementSummary, OfNobodyHasARateOfZero) {
  EXPECT_EQ(to_text(StatementSummary{}.overage_rate_percent()), "0.0");
}

TEST(StatementSummary, OfEverybodyOverHasARateOfAHundred) {
  StatementSummary summary;
  summary.add(statement("basic", Health::critical, 1));
  EXPECT_EQ(to_text(summary.overage_rate_percent()), "100.0");
}

TEST(StatementSummary, ATotalIsNotBoundedByWhatOneAmountMayBe) {
  StatementSummary summary;
  for (int i = 0; i < 3; ++i) summary.add(statement("a", Health::critical, kMoneyMax.micros));
  EXPECT_EQ(summary.tenants, 3);
  EXPECT_EQ(to_text(*to_decimal(summary.total_overage_cost, Currency::usd())), "27000000000000.00");
}

TEST(StatementSummary, LeavesOutWhatCannotBeBilledAndCountsIt) {
  StatementSummary summary;
  summary.add(statement("a", Health::critical, 5'000'000));
  Statement broken = statement("a", Health::critical, 0);
  broken.rated.cost.reset();
  broken.rated.billing_error = "too much";
  summary.add(broken);
  EXPECT_EQ(summary.tenants, 2);
  EXPECT_EQ(summary.tenants_with_errors, 1);
  EXPECT_EQ(summary.total_overage_cost, Money{5'000'000});
}

}  // namespace
}  // namespace metergate
