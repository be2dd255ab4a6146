#include "service/shared/currency_mark.h"

#include <gtest/gtest.h>

#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

BillingRules rules_of(std::string_view currency) {
  BillingRules rules;
  rules.currency = must(Currency::find(currency));
  return rules;
}

TEST(CurrencyMark, AnyCurrencyWillDoUntilAStatementIsFrozen) {
  ServicesWorld world(rules_of("EUR"));
  world.add_worked_example();
  must(world.reporting.make(period("2026-03")));
  EXPECT_EQ(must(currency_of_statements(*world.store)), std::nullopt)
      << "an open one is not frozen";
  EXPECT_TRUE(check_currency(*world.store, Currency::usd()));
}

TEST(CurrencyMark, TheFirstFrozenStatementSettlesIt) {
  ServicesWorld world(rules_of("EUR"));
  world.add("a", "free");
  must(world.reporting.make(period("2026-02")));
  EXPECT_EQ(must(currency_of_statements(*world.store)), "EUR");
  EXPECT_TRUE(check_currency(*world.store, must(Currency::find("EUR"))));
  const Result<> other = check_currency(*world.store, Currency::usd());
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::invalid);
  EXPECT_EQ(other.error().message,
            "BILLING_CURRENCY is USD, and statements of this data folder are frozen in EUR: set it "
            "to EUR, or bill in USD from another DATA_DIR");
  EXPECT_EQ(other.error().faults.at(0).field, "BILLING_CURRENCY");
}

TEST(CurrencyMark, AFolderFromBeforeItWasWrittenHasThatOfItsNewestClosedReport) {
  ServicesWorld world(rules_of("JPY"));
  world.add("a", "free", "2025-12-01T00:00:00Z");
  must(world.reporting.make(period("2026-01")));
  world.rules = rules_of("EUR");
  must(world.reporting.make(period("2026-02")));
  Batch batch;
  batch.documents.push_back({Collection::settings, {"", "currency"}, std::nullopt, {}, 0});
  must(world.store->apply(std::move(batch)));
  EXPECT_EQ(must(currency_of_statements(*world.store)), "EUR");
  EXPECT_FALSE(check_currency(*world.store, must(Currency::find("JPY"))));
  const Statement old = must(world.billing.statement(tenant("a"), period("2026-01")));
  EXPECT_EQ(tenant_billing_json(old).string_at("currency"), "JPY") << "it stays what it was";
}

}  // namespace
}  // namespace metergate
