#include "domain/late_line.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "domain/statement.h"

namespace metergate {
namespace {

Quantity quantity(std::string_view text) { return Quantity::parse(text).value(); }

Rated frozen(std::int64_t calls, std::optional<std::int64_t> included, UnitPrice price) {
  Usage usage;
  usage[Meter::api_calls] = calls;
  Limits limits;
  limits[Meter::api_calls].units = included;
  RateCard rates;
  rates[Meter::api_calls] = price;
  return rate(usage, limits, rates, Currency::usd());
}

Rated frozen_tokens(std::string_view used, std::string_view included, std::int64_t micros) {
  Terms terms;
  terms.own = {{"tokens", quantity(included), Money{micros}}};
  return rate(Usage{}, terms, {quantity(used)}, Currency::usd());
}

constexpr UnitPrice kMill{Money{1'000}, 1};

TEST(LateCost, OfACallAboveTheLimitIsItsRate) {
  const Rated rated = frozen(10'002, 10'000, kMill);
  EXPECT_EQ(late_cost(rated, "api_calls", {}, Quantity::of(-1)).value(), Money{-1'000});
  EXPECT_EQ(late_cost(rated, "api_calls", {}, Quantity::of(3)).value(), Money{3'000});
}

TEST(LateCost, WithinWhatIsIncludedIsNothing) {
  const Rated rated = frozen(9'000, 10'000, kMill);
  EXPECT_EQ(late_cost(rated, "api_calls", {}, Quantity::of(-1)).value(), Money{});
  EXPECT_EQ(late_cost(frozen(9'000, std::nullopt, kMill), "api_calls", {}, Quantity::of(5)).value(),
            Money{});
}

TEST(LateCost, CountsOnFromTheCorrectionsBefore) {
  const Rated rated = frozen(10'001, 10'000, kMill);
  EXPECT_EQ(late_cost(rated, "api_calls", {}, Quantity::of(-1)).value(), Money{-1'000});
  EXPECT_EQ(late_cost(rated, "api_calls", Quantity::of(-1), Quantity::of(-1)).value(), Money{});
  EXPECT_EQ(late_cost(rated, "api_calls", Quantity::of(-2), Quantity::of(3)).value(), Money{2'000});
}

TEST(LateCost, NeverTakesBackMoreThanWasCounted) {
  const Rated rated = frozen(2, 0, kMill);
  EXPECT_EQ(late_cost(rated, "api_calls", {}, Quantity::of(-2)).value(), Money{-2'000});
  const auto more = late_cost(rated, "api_calls", Quantity::of(-2), Quantity::of(-1));
  EXPECT_FALSE(late_cost(rated, "api_calls", {}, quantity("-0.5")));
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, ErrorCode::invalid);
}

TEST(LateCost, OfTheProvidersOwnMeterIsByItsOwnTerms) {
  const Rated rated = frozen_tokens("12", "10.5", 500'000);
  EXPECT_EQ(late_cost(rated, "tokens", {}, quantity("-1.25")).value(), Money{-625'000});
  EXPECT_EQ(late_cost(rated, "tokens", {}, quantity("-7")).value(), Money{-750'000});
  // Values of such a meter may be negative. So may the remaining usage, which then costs nothing.
  EXPECT_EQ(late_cost(rated, "tokens", {}, quantity("-20")).value(), Money{-750'000});
}

TEST(LateCost, OfWhatTheStatementDoesNotBillIsRefused) {
  EXPECT_FALSE(late_cost(frozen(1, 0, kMill), "tokens", {}, Quantity::of(1)));
}

LateLine line(std::string meter, std::int64_t units, std::int64_t micros, std::string id = "c") {
  return {std::move(meter),
          Period{},
          Quantity::of(units),
          Money{micros},
          std::move(id),
          "counted in error",
          1,
          ""};
}

TEST(Condensed, KeepsAHundredAndSumsUpTheRestByMeterAndPeriod) {
  std::vector<LateLine> lines(kLateLinesShown, line("api_calls", -1, -1'000));
  EXPECT_EQ(condensed(lines).value(), lines);
  lines.push_back(line("api_calls", -1, -1'000));
  lines.push_back(line("webhook_calls", -1, -10'000, "alone"));
  lines.push_back(line("api_calls", 4, 0));
  LateLine other = line("api_calls", 1, 1);
  other.period = Period{}.next();
  lines.push_back(other);
  const std::vector<LateLine> few = condensed(lines).value();
  ASSERT_EQ(few.size(), kLateLinesShown + 3);
  EXPECT_EQ(few[99], lines[99]);
  EXPECT_EQ(few[100],
            (LateLine{"api_calls", Period{}, Quantity::of(3), Money{-1'000}, "", "", 2, ""}));
  EXPECT_EQ(few[101], lines[101]) << "alone as it was";
  EXPECT_EQ(few[102], other);
  EXPECT_EQ(condensed(few).value().size(), few.size());
}

TEST(BillLate, LinesAndLateLinesAreRoundedTogetherOnce) {
  Statement statement;
  statement.rated = frozen(4, 0, kMill);
  EXPECT_EQ(statement.rated.cost, Money{});
  bill_late(statement, {line("api_calls", 1, 1'000)}, Currency::usd());
  EXPECT_EQ(statement.rated.cost, Money{10'000}) << "0.004 and 0.001 are half a cent";
}

TEST(BillLate, ACreditIsBelowZeroAndPrintsSo) {
  Statement statement;
  statement.rated = frozen(0, 0, kMill);
  bill_late(statement, {line("api_calls", -5, -5'000)}, Currency::usd());
  EXPECT_EQ(to_text(to_decimal(*statement.rated.cost, Currency::usd())), "-0.01");
  statement.late.clear();
  bill_late(statement, {line("api_calls", -4, -4'000)}, Currency::usd());
  EXPECT_EQ(to_text(to_decimal(*statement.rated.cost, Currency::usd())), "0.00");
  bill_late(statement, {line("x", -1, -1'500'000)}, Currency::find("JPY").value());
  EXPECT_EQ(to_text(to_decimal(*statement.rated.cost, Currency::find("JPY").value())), "-2");
  EXPECT_FALSE(statement.rated.has_overages);
  EXPECT_EQ(statement.rated.health, Health::healthy);
}

TEST(BillLate, WhatIsInAnotherCurrencyIsShownAndNotAddedUp) {
  Statement statement;
  statement.rated = frozen(0, 0, kMill);
  LateLine foreign = line("api_calls", -5, -5'000'000);
  foreign.currency = "EUR";
  bill_late(statement, {foreign}, Currency::usd());
  EXPECT_EQ(statement.rated.cost, Money{});
  EXPECT_EQ(statement.late.size(), 1U);
}

TEST(BillLate, NothingLateChangesNothing) {
  Statement statement;
  statement.rated = frozen(20, 0, kMill);
  bill_late(statement, {}, Currency::usd());
  EXPECT_EQ(statement.rated.cost, Money{20'000});
}

Money sum_of(const Rated& rated, const std::vector<Money>& late) {
  Money sum = sum_of_lines(rated).value();
  for (const Money cost : late) sum = add(sum, cost).value();
  return sum;
}

RC_GTEST_PROP(LateCost, WhatWasFrozenAndAllLateLinesAreTheCostOfTheCorrectedUsage, ()) {
  const auto pick = [](std::int64_t least, std::int64_t most) {
    return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(least, most));
  };
  const UnitPrice price{Money{pick(0, 5'000)}, pick(1, 700)};
  const std::optional<std::int64_t> included =
      pick(0, 5) == 0 ? std::nullopt : std::optional(pick(0, 60));
  std::int64_t calls = pick(0, 100);
  const Rated rated = frozen(calls, included, price);
  std::vector<Money> late;
  Quantity before;
  for (std::int64_t i = pick(0, 30); i > 0; --i) {
    const std::int64_t change = pick(-std::min<std::int64_t>(calls, 10), 10);
    late.push_back(late_cost(rated, "api_calls", before, Quantity::of(change)).value());
    before += Quantity::of(change);
    calls += change;
  }
  RC_ASSERT(sum_of(rated, late) == sum_of_lines(frozen(calls, included, price)).value());
}

RC_GTEST_PROP(LateCost, TheSameHoldsOfTheProvidersOwnMeters, ()) {
  const auto pick = [](std::int64_t least, std::int64_t most) {
    return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(least, most));
  };
  Terms terms;
  terms.own = {{"tokens", Quantity{Wide{pick(0, 60)} * 123'456'789}, Money{pick(0, 9'999)}}};
  Quantity usage{Wide{pick(-20, 90)} * 111'111'111};
  const Rated rated = rate(Usage{}, terms, {usage}, Currency::usd());
  std::vector<Money> late;
  Quantity before;
  for (std::int64_t i = pick(0, 30); i > 0; --i) {
    const Quantity change{Wide{pick(-40, 40)} * 98'765'431};
    late.push_back(late_cost(rated, "tokens", before, change).value());
    before += change;
    usage += change;
  }
  const Rated corrected = rate(Usage{}, terms, {usage}, Currency::usd());
  RC_ASSERT(sum_of(rated, late) == sum_of_lines(corrected).value());
}

}  // namespace
}  // namespace metergate
