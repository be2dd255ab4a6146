#include "domain/rating.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <numeric>

namespace metergate {
namespace {

Limit limit(std::int64_t units) { return {units, LimitEffect::soft}; }

Limits basic_limits() {
  Limits limits;
  limits[Meter::stores_count] = limit(5);
  limits[Meter::devices_count] = limit(10);
  limits[Meter::api_calls] = limit(50'000);
  limits[Meter::webhook_calls] = limit(500);
  limits[Meter::storage_gb] = limit(10 * kBytesPerGigabyte);
  return limits;
}

RateCard shipped_rates() {
  RateCard rates;
  rates[Meter::stores_count] = {Money{10'000'000}, 1};
  rates[Meter::devices_count] = {Money{5'000'000}, 1};
  rates[Meter::api_calls] = {Money{1'000}, 1};
  rates[Meter::webhook_calls] = {Money{10'000}, 1};
  rates[Meter::storage_gb] = {Money{2'000'000}, kBytesPerGigabyte};
  return rates;
}

Rated rated(const Usage& usage, const Limits& limits = basic_limits()) {
  return rate(usage, limits, shipped_rates(), Currency::usd());
}

Usage calls(std::int64_t count) {
  Usage usage;
  usage[Meter::api_calls] = count;
  return usage;
}

TEST(Rating, TheWorkedExampleOwesFortyEightFortyAndIsCritical) {
  Usage usage;
  usage[Meter::stores_count] = 6;
  usage[Meter::devices_count] = 12;
  usage[Meter::api_calls] = 65'000;
  usage[Meter::webhook_calls] = 800;
  usage[Meter::storage_gb] = from_display(Meter::storage_gb, {152, 1}).value();
  const Rated example = rated(usage);
  EXPECT_EQ(to_text(to_decimal(*example.cost, Currency::usd())), "48.40");
  EXPECT_EQ(example.health, Health::critical);
  EXPECT_TRUE(example.has_overages);
  EXPECT_EQ(example.highest, Meter::webhook_calls);
  ASSERT_EQ(example.lines.size(), 5U);
  EXPECT_EQ(example.lines[0].cost, Money{10'000'000});
  EXPECT_EQ(example.lines[1].cost, Money{10'000'000});
  EXPECT_EQ(example.lines[2].cost, Money{15'000'000});
  EXPECT_EQ(example.lines[3].cost, Money{3'000'000});
  EXPECT_EQ(to_text(to_display(Meter::storage_gb, example.lines[4].overage)), "5.2");
  EXPECT_EQ(to_text(*example.utilization[Meter::storage_gb].percent()), "152.0");
}

TEST(Rating, NoUsageCostsNothingAndIsHealthy) {
  const Rated none = rated(Usage{});
  EXPECT_EQ(none.cost, Money{0});
  EXPECT_EQ(none.health, Health::healthy);
  EXPECT_FALSE(none.has_overages);
  EXPECT_EQ(none.highest, Meter::stores_count);
}

TEST(Rating, HealthIsDecidedOnExactValues) {
  const auto health = [](std::int64_t usage, std::int64_t of) {
    return health_of(Utilization{usage, of});
  };
  EXPECT_EQ(health(74'999, 100'000), Health::healthy);
  EXPECT_EQ(health(75'000, 100'000), Health::caution);
  EXPECT_EQ(health(89'999, 100'000), Health::caution);
  EXPECT_EQ(health(90'000, 100'000), Health::warning);
  EXPECT_EQ(health(100'000, 100'000), Health::warning);
  EXPECT_EQ(health(100'001, 100'000), Health::critical);
}

TEST(Rating, HealthIsExactWherePercentIsRounded) {
  // 74.96 % is shown as 75.0 but is still healthy.
  const Utilization nearly{7'496, 10'000};
  EXPECT_EQ(to_text(*nearly.percent()), "75.0");
  EXPECT_EQ(health_of(nearly), Health::healthy);
  const Utilization just_over{100'001, 100'000};
  EXPECT_EQ(to_text(*just_over.percent()), "100.001");
  EXPECT_EQ(health_of(just_over), Health::critical);
}

TEST(Utilization, WhatIsOverNeverShowsAHundred) {
  const auto shown = [](std::int64_t usage, std::int64_t limit) {
    return to_text(*Utilization{usage, limit}.percent());
  };
  EXPECT_EQ(shown((std::int64_t{10} << 30) + 1, std::int64_t{10} << 30), "100.00000001");
  EXPECT_EQ(shown((std::int64_t{200} << 30) + 1, std::int64_t{200} << 30), "100.0000000005");
  EXPECT_EQ(shown(10'004, 10'000), "100.04");
  EXPECT_EQ(shown(10'005, 10'000), "100.1") << "one decimal is enough";
  EXPECT_EQ(shown(INT64_MAX, INT64_MAX - 1), "100.0000000000000001");
  EXPECT_EQ(shown(9'999, 10'000), "100.0") << "what is not over is rounded as ever";
}

TEST(Rating, OneByteOverALimitOfTheGreatestSizeIsCritical) {
  EXPECT_EQ(health_of(Utilization{INT64_MAX, INT64_MAX - 1}), Health::critical);
  EXPECT_EQ(health_of(Utilization{INT64_MAX, INT64_MAX}), Health::warning);
  EXPECT_EQ(to_text(*Utilization{INT64_MAX, INT64_MAX}.percent()), "100.0");
}

TEST(Rating, UnlimitedIsNeverOver) {
  Limits limits = basic_limits();
  limits[Meter::api_calls] = Limit{};
  const Rated free_calls = rated(calls(INT64_MAX), limits);
  EXPECT_EQ(free_calls.health, Health::healthy);
  EXPECT_EQ(free_calls.lines[2].overage, 0);
  EXPECT_EQ(free_calls.lines[2].included, std::nullopt);
  EXPECT_EQ(to_text(*free_calls.utilization[Meter::api_calls].percent()), "0.0");
}

TEST(Rating, ALimitOfZeroThatIsNotUsedIsHealthy) {
  Limits limits = basic_limits();
  limits[Meter::webhook_calls] = limit(0);
  const Rated unused = rated(Usage{}, limits);
  EXPECT_EQ(unused.health, Health::healthy);
  EXPECT_FALSE(unused.has_overages);
  EXPECT_EQ(to_text(*unused.utilization[Meter::webhook_calls].percent()), "0.0");
}

TEST(Rating, AnyUsageOfALimitOfZeroIsHighestAndCritical) {
  Limits limits = basic_limits();
  limits[Meter::webhook_calls] = limit(0);
  Usage usage = calls(49'999'999);
  usage[Meter::webhook_calls] = 1;
  const Rated over = rated(usage, limits);
  EXPECT_EQ(over.highest, Meter::webhook_calls);
  EXPECT_EQ(over.health, Health::critical);
  EXPECT_EQ(over.lines[3].overage, 1);
  EXPECT_EQ(over.utilization[Meter::webhook_calls].percent(), std::nullopt);
}

TEST(Rating, PercentRoundsHalfAwayFromZeroToOneDecimal) {
  EXPECT_EQ(to_text(*Utilization{1, 2'000}.percent()), "0.1");
  EXPECT_EQ(to_text(*Utilization{1, 2'001}.percent()), "0.0");
  EXPECT_EQ(to_text(*Utilization{1, 3}.percent()), "33.3");
  EXPECT_EQ(to_text(*Utilization{2, 3}.percent()), "66.7");
}

TEST(Rating, PercentStopsAtItsMaximum) {
  EXPECT_EQ(to_text(*Utilization{INT64_MAX, 1}.percent()), "922337203685477580.7");
}

TEST(Rating, ATenthOfACentRoundsOnlyInTheTotal) {
  const Rated half_cent = rated(calls(50'005));
  EXPECT_EQ(half_cent.lines[2].cost, Money{5'000});
  EXPECT_EQ(half_cent.cost, Money{10'000});
  EXPECT_EQ(rated(calls(50'004)).cost, Money{0});
}

TEST(Rating, AnAmountThatDoesNotFitIsABillingErrorAndTheRestIsKnown) {
  Usage usage;
  usage[Meter::stores_count] = INT64_MAX;
  usage[Meter::api_calls] = 50'001;
  const Rated made = rated(usage);
  EXPECT_EQ(made.cost, std::nullopt);
  EXPECT_EQ(made.billing_error,
            "stores_count: what it has over its limit costs more than 9000000000000, the greatest "
            "amount that can be billed; check its usage and its rate");
  EXPECT_EQ(made.lines[0].cost, std::nullopt);
  EXPECT_EQ(made.lines[0].overage, INT64_MAX - 5);
  EXPECT_EQ(made.lines[2].cost, Money{1'000});
  EXPECT_EQ(made.health, Health::critical);
  EXPECT_TRUE(made.has_overages);
}

TEST(Rating, TheGreatestAmountIsBilledAndOneMoreIsNot) {
  Usage usage;
  usage[Meter::stores_count] = 5 + 900'000'000'000;  // at 10.00
  EXPECT_EQ(rated(usage).cost, kMoneyMax);
  usage[Meter::api_calls] = 50'001;
  EXPECT_EQ(rated(usage).cost, std::nullopt) << "a tenth of a cent more";
  usage[Meter::api_calls] = 0;
  ++usage[Meter::stores_count];
  EXPECT_EQ(rated(usage).cost, std::nullopt);
}

TEST(Rating, ASumThatDoesNotFitIsABillingErrorWithAllItsLines) {
  Usage usage;
  usage[Meter::stores_count] = 5 + 800'000'000'000;
  usage[Meter::devices_count] = 10 + 800'000'000'000;
  const Rated made = rated(usage);
  EXPECT_EQ(made.cost, std::nullopt);
  EXPECT_TRUE(made.lines[0].cost && made.lines[1].cost);
  EXPECT_EQ(made.billing_error,
            "the sum is too large: at most 9000000000000 either way is allowed");
}

TEST(Health, NamesComeBack) {
  for (const Health health : {Health::healthy, Health::caution, Health::warning, Health::critical})
    EXPECT_EQ(find_health(to_text(health)), health);
  EXPECT_EQ(find_health("Critical"), std::nullopt);
  EXPECT_EQ(find_health(""), std::nullopt);
}

TEST(Utilization, OrdersByExactRatio) {
  EXPECT_TRUE(compare(Utilization{1, 3}, Utilization{2, 6}) == 0);
  EXPECT_TRUE(compare(Utilization{1, 3}, Utilization{333'333, 1'000'000}) > 0);
  EXPECT_TRUE(compare(Utilization{5, std::nullopt}, Utilization{0, 7}) == 0);
  EXPECT_TRUE(compare(Utilization{5, std::nullopt}, Utilization{1, 7}) < 0);
  EXPECT_TRUE(compare(Utilization{0, 0}, Utilization{0, 7}) == 0);
  EXPECT_TRUE(compare(Utilization{1, 0}, Utilization{INT64_MAX, 1}) > 0);
  EXPECT_TRUE(compare(Utilization{1, 0}, Utilization{2, 0}) == 0);
}

Utilization any_utilization() {
  const auto of = *rc::gen::inRange<std::int64_t>(-1, 20);
  return {*rc::gen::inRange<std::int64_t>(0, 50), of < 0 ? std::nullopt : std::optional{of}};
}

RC_GTEST_PROP(Utilization, IsOrderedTotally, ()) {
  const Utilization a = any_utilization();
  const Utilization b = any_utilization();
  const Utilization c = any_utilization();
  RC_ASSERT((compare(a, b) < 0) == (compare(b, a) > 0));
  RC_ASSERT(std::is_eq(compare(a, a)));
  if (compare(a, b) <= 0 && compare(b, c) <= 0) RC_ASSERT(std::is_lteq(compare(a, c)));
  if (compare(a, b) <= 0) RC_ASSERT(health_of(a) <= health_of(b));
}

Usage any_usage() {
  Usage usage;
  for (const MeterRow& row : kMeters)
    usage[row.meter] = *rc::gen::inRange<std::int64_t>(0, 200'000) * row.units_per_display / 7;
  return usage;
}

RC_GTEST_PROP(Rating, TheTotalIsTheSumOfTheLinesRoundedOnce, ()) {
  const Rated made = rated(any_usage());
  const Money sum{std::accumulate(
      made.lines.begin(), made.lines.end(), std::int64_t{0},
      [](std::int64_t micros, const LineItem& line) { return micros + line.cost->micros; })};
  RC_ASSERT(*made.cost == round_to_minor_unit(sum, Currency::usd()));
}

RC_GTEST_PROP(Rating, HasOveragesExactlyWhenCritical, ()) {
  const Rated made = rated(any_usage());
  RC_ASSERT(made.has_overages == (made.health == Health::critical));
}

RC_GTEST_PROP(Rating, HealthIsTheWorstOfAllMeters, ()) {
  const Rated made = rated(any_usage());
  Health worst = Health::healthy;
  for (const MeterRow& row : kMeters)
    worst = std::max(worst, health_of(made.utilization[row.meter]));
  RC_ASSERT(made.health == worst);
}

RC_GTEST_PROP(Rating, AnySplitOfTheSameUsageGivesTheSameBill, ()) {
  const Usage whole = any_usage();
  Usage together;
  for (const MeterRow& row : kMeters) {
    std::int64_t rest = whole[row.meter];
    while (rest > 0) {
      const std::int64_t part = *rc::gen::inRange<std::int64_t>(1, rest + 1);
      together[row.meter] += part;
      rest -= part;
    }
  }
  RC_ASSERT(rated(together).lines == rated(whole).lines);
  RC_ASSERT(*rated(together).cost == *rated(whole).cost);
}

RC_GTEST_PROP(Rating, MoreUsageNeverCostsLess, ()) {
  const Usage less = any_usage();
  Usage more = less;
  const auto meter = static_cast<Meter>(*rc::gen::inRange(0, 5));
  more[meter] += *rc::gen::inRange<std::int64_t>(0, 100'000);
  RC_ASSERT(*rated(more).cost >= *rated(less).cost);
  RC_ASSERT(rated(more).health >= rated(less).health);
}

}  // namespace
}  // namespace metergate
