// Rating of meters of the provider's own.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "domain/rating.h"

namespace metergate {
namespace {

Quantity amount(std::string_view text) { return Quantity::parse(text).value(); }

OwnTerm term(std::optional<Quantity> limit, std::int64_t rate_micros,
             std::string meter = "tokens") {
  return {std::move(meter), limit, Money{rate_micros}};
}

Rated rated(std::vector<OwnTerm> own, const std::vector<Quantity>& usage, Usage built_in = {}) {
  Terms terms;
  terms.own = std::move(own);
  for (const MeterRow& row : kMeters) terms.rates[row.meter] = {Money{1'000'000}, 1};
  return rate(built_in, terms, usage, Currency::usd());
}

TEST(RatingOwn, OverageTimesRateIsTheCostRoundedOnce) {
  const Rated one = rated({term(amount("1000.5"), 2'000)}, {amount("1500.75")});
  ASSERT_EQ(one.own_lines.size(), 1U);
  EXPECT_EQ(one.own_lines[0].overage, amount("500.25"));
  EXPECT_EQ(one.own_lines[0].cost, Money{1'000'500});
  EXPECT_EQ(one.cost, Money{1'000'000});
  EXPECT_TRUE(one.has_overages);
  EXPECT_EQ(one.health, Health::critical);
}

TEST(RatingOwn, HalfAMillionthIsRoundedAwayFromZero) {
  EXPECT_EQ(rated({term(Quantity{}, 1)}, {amount("0.5")}).own_lines[0].cost, Money{1});
  EXPECT_EQ(rated({term(Quantity{}, 1)}, {amount("0.499999999")}).own_lines[0].cost, Money{0});
}

TEST(RatingOwn, ItsCostIsAddedToTheBuiltInLinesBeforeTheyAreRounded) {
  Usage usage;
  usage[Meter::api_calls] = 1;
  Terms terms;
  terms.limits[Meter::api_calls].units = 0;
  terms.rates[Meter::api_calls] = {Money{4'000}, 1};
  for (const MeterRow& row : kMeters) terms.rates[row.meter].per_units = 1;
  terms.own = {term(Quantity{}, 4'000)};
  const Rated both = rate(usage, terms, {Quantity::of(1)}, Currency::usd());
  EXPECT_EQ(both.cost, Money{10'000}) << "0.004 and 0.004 are a cent, each alone would be nothing";
}

TEST(RatingOwn, UnlimitedIsNeverOver) {
  const Rated one = rated({term(std::nullopt, 5)}, {amount("1e12")});
  EXPECT_EQ(one.own_lines[0].overage, Quantity{});
  EXPECT_EQ(one.health, Health::healthy);
  EXPECT_FALSE(one.has_overages);
}

TEST(RatingOwn, WhatIsBelowZeroIsNoOverage) {
  const Rated one = rated({term(Quantity{}, 5)}, {amount("-3")});
  EXPECT_EQ(one.own_lines[0].overage, Quantity{});
  EXPECT_EQ(one.own_lines[0].usage, amount("-3"));
  EXPECT_EQ(one.health, Health::healthy);
}

TEST(RatingOwn, HealthIsDecidedOnExactValues) {
  const auto health = [](std::string_view usage) {
    return rated({term(amount("1000"), 0)}, {amount(usage)}).health;
  };
  EXPECT_EQ(health("749.999999999"), Health::healthy);
  EXPECT_EQ(health("750"), Health::caution);
  EXPECT_EQ(health("899.999999999"), Health::caution);
  EXPECT_EQ(health("900"), Health::warning);
  EXPECT_EQ(health("1000"), Health::warning);
  EXPECT_EQ(health("1000.000000001"), Health::critical);
}

TEST(RatingOwn, PercentIsOfOneDecimal) {
  const auto percent = [](std::string_view usage, std::string_view limit) {
    OwnLineItem line;
    line.usage = amount(usage);
    line.included = amount(limit);
    const std::optional<Decimal> shown = utilization_of(line).percent();
    return shown ? to_text(*shown) : "beyond";
  };
  EXPECT_EQ(percent("15.2", "10"), "152.0");
  EXPECT_EQ(percent("1", "3"), "33.3");
  EXPECT_EQ(percent("1e12", "1e12"), "100.0");
  EXPECT_EQ(percent("-5", "10"), "0.0");
  EXPECT_EQ(percent("0", "0"), "0.0");
  EXPECT_EQ(percent("0.1", "0"), "beyond");
  EXPECT_EQ(percent("10.000000001", "10"), "100.00000001");
  EXPECT_EQ(percent("10000000.000000001", "10000000"), "100.0000000000001")
      << "shown larger than it is rather than as none";
}

TEST(RatingOwn, AProductThatDoesNotFitIsABillingError) {
  Terms terms;
  for (const MeterRow& row : kMeters) terms.rates[row.meter].per_units = 1;
  terms.own = {term(Quantity{}, kMoneyMax.micros)};
  const Rated over = rate({}, terms, {Quantity{power_of_ten(37)}}, Currency::usd());
  EXPECT_EQ(over.cost, std::nullopt);
  EXPECT_TRUE(over.billing_error.starts_with(terms.own[0].meter + ": ")) << over.billing_error;
  EXPECT_EQ(over.own_lines[0].overage, Quantity{power_of_ten(37)});
}

RC_GTEST_PROP(RatingOwn, CostIsTheExactProductToHalfAMillionth, ()) {
  const auto rate_micros = *rc::gen::inRange<std::int64_t>(0, 1'000'000'000);
  const Quantity usage{*rc::gen::inRange<std::int64_t>(0, 1'000'000'000'000'000)};
  const Money cost = charge_quantity(Money{rate_micros}, usage).value();
  const Wide exact = Wide{rate_micros} * usage.billionths;
  const Wide off = Wide{cost.micros} * Quantity::kPerWhole - exact;
  RC_ASSERT(off * 2 <= Quantity::kPerWhole && off * 2 > -Wide{Quantity::kPerWhole});
}

}  // namespace
}  // namespace metergate
