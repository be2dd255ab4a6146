#include "domain/forecast.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <numeric>
#include <vector>

namespace metergate {
namespace {

using Daily = std::vector<std::int64_t>;

// The input on the day after the days of `daily`; `used` is the usage so far.
ForecastInput question(std::string_view period, const Daily& daily, std::int64_t used,
                       std::optional<std::int64_t> limit = {}) {
  ForecastInput input;
  auto parsed = Period::parse(period);
  EXPECT_TRUE(parsed.has_value());
  input.period = parsed.value_or(Period{});
  input.today = input.period.first_day() + std::chrono::days{std::ssize(daily)};
  input.used = used;
  input.daily = daily;
  input.limit = limit;
  return input;
}

std::string day_text(const std::optional<Forecast>& forecast) {
  if (!forecast) return "no forecast";
  return forecast->passes_on ? to_text(*forecast->passes_on) : "never";
}

TEST(Forecast, IsAbsentBeforeThreeFullDays) {
  const Daily two{10, 10};
  EXPECT_FALSE(forecast_sum(question("2026-02", two, 20)).has_value());
  EXPECT_FALSE(forecast_level(question("2026-02", two, 10)).has_value());
  EXPECT_FALSE(forecast_sum(question("2026-02", {}, 0)).has_value());
}

TEST(Forecast, IsAbsentBeforeATenthOfThePeriod) {
  const Daily three{10, 10, 10};
  const Daily four{10, 10, 10, 10};
  // Three days are a tenth of 28 and of 30 days, not of 31.
  EXPECT_TRUE(forecast_sum(question("2026-02", three, 30)).has_value());
  EXPECT_TRUE(forecast_sum(question("2026-04", three, 30)).has_value());
  EXPECT_FALSE(forecast_sum(question("2026-03", three, 30)).has_value());
  EXPECT_TRUE(forecast_sum(question("2026-03", four, 40)).has_value());
}

TEST(Forecast, IsAbsentOutsideThePeriod) {
  const Daily four{10, 10, 10, 10};
  ForecastInput input = question("2026-03", four, 40);
  input.today = input.period.last_day() + std::chrono::days{1};
  EXPECT_FALSE(forecast_sum(input).has_value());
  EXPECT_FALSE(forecast_level(input).has_value());
  input.today = input.period.first_day() - std::chrono::days{1};
  EXPECT_FALSE(forecast_sum(input).has_value());
}

TEST(ForecastSum, EvenUsageGoesOnEvenly) {
  const Daily ten(10, 100);
  const auto forecast = forecast_sum(question("2026-03", ten, 1'000, 2'000));
  ASSERT_TRUE(forecast.has_value());
  EXPECT_EQ(forecast->expected, 3'100);
  // 20 days are exactly the limit; day 21 is the first above it.
  EXPECT_EQ(day_text(forecast), "2026-03-21");
}

TEST(ForecastSum, WeekendsAreExpectedToBeLikeWeekends) {
  // June 2026 begins on a Monday: two weeks of 100 on weekdays and 0 at weekends.
  Daily two_weeks;
  for (int day = 0; day < 14; ++day) two_weeks.push_back(day % 7 < 5 ? 100 : 0);
  const auto forecast = forecast_sum(question("2026-06", two_weeks, 1'000));
  ASSERT_TRUE(forecast.has_value());
  EXPECT_EQ(forecast->expected, 2'200);  // 22 weekdays
}

TEST(ForecastSum, AWeekdayNotSeenYetIsExpectedToBeAverage) {
  const Daily three{90, 120, 90};  // mean 100
  const auto forecast = forecast_sum(question("2026-06", three, 300));
  ASSERT_TRUE(forecast.has_value());
  // Mondays 8, 15, 22, 29 at 90; Tuesdays 9, 16, 23, 30 at 120; Wednesdays 10, 17, 24 at 90.
  EXPECT_EQ(forecast->expected, 300 + 4 * 90 + 4 * 120 + 3 * 90 + 16 * 100);
}

TEST(ForecastSum, MoreTodayThanUsualIsNotForgotten) {
  const Daily ten(10, 100);
  const auto quiet = forecast_sum(question("2026-03", ten, 1'040));
  const auto busy = forecast_sum(question("2026-03", ten, 1'700));
  ASSERT_TRUE(quiet.has_value() && busy.has_value());
  EXPECT_EQ(quiet->expected, 3'100);
  EXPECT_EQ(busy->expected, 3'700);
}

TEST(ForecastSum, ALimitThatIsPassedKeepsItsDay) {
  // 100 a day with 250 included: passed on the third day, whatever follows.
  for (const std::size_t full : {3, 4, 10, 30}) {
    const Daily daily(full, 100);
    const auto used = static_cast<std::int64_t>(full) * 100;
    EXPECT_EQ(day_text(forecast_sum(question("2026-03", daily, used, 250))), "2026-03-03") << full;
  }
  const Daily two(2, 100);
  EXPECT_EQ(day_text(forecast_sum(question("2026-03", two, 251, 250))), "2026-03-03") << "today";
  EXPECT_FALSE(forecast_sum(question("2026-03", two, 251, 250))->expected.has_value());
  // After the period there is no expected usage any more, but the day is still known.
  const Daily all(31, 100);
  const auto over = forecast_sum(question("2026-03", all, 3'100, 250));
  EXPECT_EQ(day_text(over), "2026-03-03");
  EXPECT_FALSE(over->expected.has_value());
  EXPECT_EQ(day_text(forecast_sum(question("2026-03", all, 3'101, 3'100))), "2026-03-31");
}

TEST(ForecastLevel, ALimitThatIsPassedKeepsItsDay) {
  const Daily five{5, 5, 6, 4, 7};
  EXPECT_EQ(day_text(forecast_level(question("2026-03", five, 7, 5))), "2026-03-03");
  const Daily none{};
  EXPECT_EQ(day_text(forecast_level(question("2026-03", none, 7, 5))), "2026-03-01");
  EXPECT_EQ(day_text(forecast_level(question("2026-03", five, 5, 5))), "2026-03-06")
      << "it lies no longer above the limit: what is told is when it may do so again";
}

TEST(ForecastOwn, CountsInBillionths) {
  const std::vector<Quantity> ten(10, *Quantity::parse("0.1"));
  OwnForecastInput input{
      *Period::parse("2026-03"), {}, *Quantity::parse("1.0"), ten, *Quantity::parse("0.25")};
  input.today = input.period.first_day() + std::chrono::days{10};
  const auto sum = forecast_sum(input);
  ASSERT_TRUE(sum.has_value());
  EXPECT_EQ(sum->expected, Quantity::parse("3.1"));
  EXPECT_EQ(to_text(*sum->passes_on), "2026-03-03");
  const auto level = forecast_level(input);
  EXPECT_EQ(level->expected, Quantity::parse("1.0"));
  EXPECT_EQ(to_text(*level->passes_on), "2026-03-11") << "today's level alone is above";
}

TEST(ForecastOwn, TheGreatestQuantitiesStayInBounds) {
  const std::vector<Quantity> ten(10, Quantity{power_of_ten(37)});
  OwnForecastInput input{
      *Period::parse("2026-03"), {}, Quantity{power_of_ten(37)}, ten, Quantity::of(1)};
  input.today = input.period.first_day() + std::chrono::days{10};
  EXPECT_TRUE(forecast_sum(input).has_value());
  EXPECT_EQ(to_text(*forecast_level(input)->passes_on), "2026-03-01");
}

TEST(ForecastSum, PassesTodayWhereItAlreadyHas) {
  const Daily ten(10, 100);
  EXPECT_EQ(day_text(forecast_sum(question("2026-03", ten, 1'001, 1'000))), "2026-03-11");
  EXPECT_EQ(day_text(forecast_sum(question("2026-03", ten, 1'000, 1'000))), "2026-03-11");
  EXPECT_EQ(day_text(forecast_sum(question("2026-03", ten, 1'000, 1'100))), "2026-03-12");
}

TEST(ForecastSum, NeverPassesAnUnlimitedOrAmpleLimit) {
  const Daily ten(10, 100);
  EXPECT_EQ(day_text(forecast_sum(question("2026-03", ten, 1'000))), "never");
  EXPECT_EQ(day_text(forecast_sum(question("2026-03", ten, 1'000, 3'100))), "never");
  EXPECT_EQ(day_text(forecast_sum(question("2026-03", ten, 1'000, 3'099))), "2026-03-31");
}

TEST(ForecastSum, OnTheLastDayOnlyTodayIsLeft) {
  const Daily thirty(30, 7);
  const auto forecast = forecast_sum(question("2026-03", thirty, 210));
  ASSERT_TRUE(forecast.has_value());
  EXPECT_EQ(forecast->expected, 217);
}

TEST(ForecastSum, ThirdsAddUpToWholeUnits) {
  Daily three_weeks;
  for (int day = 0; day < 21; ++day) three_weeks.push_back(day < 7 ? 1 : 0);
  const auto forecast = forecast_sum(question("2026-06", three_weeks, 7));
  ASSERT_TRUE(forecast.has_value());
  EXPECT_EQ(forecast->expected, 10);  // nine days of a third each
}

TEST(ForecastSum, StopsAtTheGreatestNumber) {
  const Daily four(4, std::int64_t{1} << 60);
  const auto forecast = forecast_sum(question("2026-03", four, std::int64_t{1} << 62));
  ASSERT_TRUE(forecast.has_value());
  EXPECT_EQ(forecast->expected, INT64_MAX);
}

TEST(ForecastLevel, GoesOnByItsMeanDailyChange) {
  const Daily five{10, 12, 14, 16, 18};
  const auto forecast = forecast_level(question("2026-03", five, 18, 40));
  ASSERT_TRUE(forecast.has_value());
  EXPECT_EQ(forecast->expected, 18 + 2 * 26);
  EXPECT_EQ(day_text(forecast), "2026-03-17");  // 18 + 12 x 2 = 42
}

TEST(ForecastLevel, AFlatLevelStays) {
  const Daily four(4, 5);
  const auto forecast = forecast_level(question("2026-03", four, 5, 5));
  ASSERT_TRUE(forecast.has_value());
  EXPECT_EQ(forecast->expected, 5);
  EXPECT_EQ(day_text(forecast), "never");
}

TEST(ForecastLevel, AFallingLevelDoesNotFallBelowZero) {
  const Daily four{9, 6, 3, 1};
  const auto forecast = forecast_level(question("2026-03", four, 1, 100));
  ASSERT_TRUE(forecast.has_value());
  EXPECT_EQ(forecast->expected, 0);
}

TEST(ForecastLevel, ALeapTodayIsKept) {
  const Daily four(4, 5);
  const auto forecast = forecast_level(question("2026-03", four, 9, 8));
  ASSERT_TRUE(forecast.has_value());
  EXPECT_EQ(forecast->expected, 9);
  EXPECT_EQ(day_text(forecast), "2026-03-05");
}

TEST(ForecastSteady, StaysWhatItIs) {
  const std::vector<Quantity> daily(4, Quantity::of(5));
  OwnForecastInput input{Period::parse("2026-03").value(), parse_day("2026-03-05").value(),
                         Quantity::of(7), daily, Quantity::of(6)};
  const auto over = forecast_steady(input);
  ASSERT_TRUE(over.has_value());
  EXPECT_EQ(over->expected, Quantity::of(7));
  EXPECT_EQ(to_text(*over->passes_on), "2026-03-05") << "passed today";
  input.used = Quantity::of(6);
  EXPECT_FALSE(forecast_steady(input)->passes_on) << "at the limit is within it";
  input.daily = std::span{daily}.first(2);
  EXPECT_FALSE(forecast_steady(input).has_value()) << "too early to say";
}

RC_GTEST_PROP(ForecastSum, ExpectsNoLessThanIsUsed, ()) {
  const auto days = *rc::gen::inRange<std::size_t>(4, 31);
  const auto daily = *rc::gen::container<Daily>(days, rc::gen::inRange<std::int64_t>(0, 1'000'000));
  const auto before = std::accumulate(daily.begin(), daily.end(), std::int64_t{0});
  const auto used = before + *rc::gen::inRange<std::int64_t>(0, 1'000'000);
  const auto limit = *rc::gen::inRange<std::int64_t>(0, 20'000'000);
  const auto forecast = forecast_sum(question("2026-03", daily, used, limit));
  RC_ASSERT(forecast.has_value());
  RC_ASSERT(forecast->expected.has_value());
  RC_ASSERT(*forecast->expected >= used);
  // The two figures differ only by the rounding of the shown one.
  if (forecast->passes_on) RC_ASSERT(*forecast->expected >= limit);
  if (!forecast->passes_on) RC_ASSERT(*forecast->expected <= limit + 1);
}

}  // namespace
}  // namespace metergate
