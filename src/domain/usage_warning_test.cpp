#include "domain/usage_warning.h"

#include <gtest/gtest.h>

namespace metergate {
namespace {

constexpr Timestamp kNow{Milliseconds{1'000}};
const std::vector<int> kUsual = {75, 90};

struct Own {
  std::string meter;
  std::int64_t usage = 0;
  std::optional<std::int64_t> limit;
};

Statement with(std::int64_t calls, std::optional<std::int64_t> limit,
               const std::vector<Own>& own = {}) {
  Statement made;
  made.tenant = TenantId::parse("acme").value();
  made.period = Period::parse("2026-03").value();
  made.terms.plan = "basic";
  LineItem line;
  line.meter = Meter::api_calls;
  line.usage = calls;
  line.included = limit;
  made.rated.lines.push_back(line);
  for (const Own& one : own) {
    OwnLineItem item;
    item.meter = one.meter;
    item.usage = Quantity::of(one.usage);
    if (one.limit) item.included = Quantity::of(*one.limit);
    made.rated.own_lines.push_back(std::move(item));
  }
  return made;
}

// The changes in order, such as "near-2026-03-75-api_calls-acme opened".
std::string changes(const WarningInput& input) {
  std::string text;
  for (const WarningChange& change : warning_changes(input, kNow)) {
    text += text.empty() ? "" : ", ";
    text += change.alert.alert_id + (change.step == AlertStep::open ? " opened" : " resolved");
  }
  return text;
}

std::string first_look(const Statement& statement, const std::vector<int>& thresholds = kUsual) {
  return changes({.now_true = statement, .known = {}, .thresholds = thresholds});
}

std::vector<Alert> opened(const Statement& statement) {
  std::vector<Alert> alerts;
  for (WarningChange& change :
       warning_changes({.now_true = statement, .known = {}, .thresholds = kUsual}, kNow))
    alerts.push_back(std::move(change.alert));
  return alerts;
}

TEST(UsageWarning, OpensAtTheExactShareOfTheLimit) {
  EXPECT_EQ(first_look(with(74, 100)), "");
  EXPECT_EQ(first_look(with(75, 100)), "near-2026-03-75-api_calls-acme opened");
  EXPECT_EQ(first_look(with(89, 100)), "near-2026-03-75-api_calls-acme opened");
  EXPECT_EQ(first_look(with(90, 100)), "near-2026-03-90-api_calls-acme opened");
  EXPECT_EQ(first_look(with(100, 100)), "near-2026-03-90-api_calls-acme opened");
  EXPECT_EQ(first_look(with(101, 100)), "");
  // 75 % of 3 is 2.25, of 7 is 5.25.
  EXPECT_EQ(first_look(with(2, 3)), "");
  EXPECT_EQ(first_look(with(5, 7)), "");
  EXPECT_EQ(first_look(with(6, 7)), "near-2026-03-75-api_calls-acme opened");
}

TEST(UsageWarning, LargestAmountsDoNotOverflow) {
  constexpr std::int64_t kMost = INT64_MAX;
  EXPECT_EQ(first_look(with(kMost, kMost)), "near-2026-03-90-api_calls-acme opened");
  EXPECT_EQ(first_look(with(kMost / 2, kMost)), "");
}

TEST(UsageWarning, NoLimitAndOneOfNothingHaveNone) {
  EXPECT_EQ(first_look(with(1'000'000, std::nullopt)), "");
  EXPECT_EQ(first_look(with(0, 0)), "");
  EXPECT_EQ(first_look(with(1, 0)), "");
}

TEST(UsageWarning, OwnMetersHaveTheirOwn) {
  EXPECT_EQ(first_look(with(0, 100, {{"tokens", 900, 1'000}, {"jobs", 10, std::nullopt}})),
            "near-2026-03-90-tokens-acme opened");
  const Alert alert = opened(with(0, 100, {{"tokens", 900, 1'000}})).at(0);
  EXPECT_EQ(alert.meter, "tokens");
  EXPECT_EQ(alert.own_lines.size(), 1U);
  EXPECT_TRUE(alert.lines.empty());
}

TEST(UsageWarning, AMeterThatLeavesThePlanTakesItsWarningAlong) {
  const auto known = opened(with(0, 100, {{"tokens", 900, 1'000}}));
  const Statement now = with(0, 100);
  const auto changed =
      warning_changes({.now_true = now, .known = known, .thresholds = kUsual}, kNow);
  ASSERT_EQ(changed.size(), 1U);
  EXPECT_EQ(changed[0].step, AlertStep::resolve);
  EXPECT_EQ(changed[0].alert.resolution_reason, "Plan basic has no limit of tokens");
  EXPECT_EQ(changed[0].alert.resolved_by, kAlertResolver);
  EXPECT_EQ(changed[0].alert.resolved_at, kNow);
}

TEST(UsageWarning, WhereNothingMayOpenTheyAreStillResolved) {
  const auto known = opened(with(80, 100));
  const Statement below = with(10, 100);
  EXPECT_EQ(changes({.now_true = below, .known = known, .thresholds = kUsual, .opens = false}),
            "near-2026-03-75-api_calls-acme resolved");
  const Statement above = with(95, 100);
  EXPECT_EQ(changes({.now_true = above, .known = known, .thresholds = kUsual, .opens = false}), "");
}

TEST(UsageWarning, AThresholdThatIsNoLongerConfiguredResolvesByItsOwn) {
  const auto known = opened(with(80, 100));
  const Statement now = with(74, 100);
  const std::vector<int> other = {50};
  EXPECT_EQ(changes({.now_true = now, .known = known, .thresholds = other}),
            "near-2026-03-75-api_calls-acme resolved");
}

TEST(UsageWarning, AForecastThatNobodyLookedAtSaysNothing) {
  const Statement now = with(10, 100);
  std::vector<MeterForecast> forecasts = {
      {"api_calls", Quantity::of(120), parse_day("2026-03-20").value()}};
  std::vector<Alert> known;
  for (WarningChange& change : warning_changes(
           {.now_true = now, .known = {}, .thresholds = kUsual, .forecasts = &forecasts}, kNow))
    known.push_back(std::move(change.alert));
  ASSERT_EQ(known.size(), 1U);
  EXPECT_EQ(known[0].alert_id, "forecast-2026-03-api_calls-acme");
  EXPECT_EQ(known[0].expected, Quantity::of(120));
  EXPECT_EQ(changes({.now_true = now, .known = known, .thresholds = kUsual}), "");
  forecasts.clear();
  EXPECT_EQ(
      changes({.now_true = now, .known = known, .thresholds = kUsual, .forecasts = &forecasts}),
      "forecast-2026-03-api_calls-acme resolved");
}

TEST(AlertName, IsItsIdAndBack) {
  const TenantId acme = TenantId::parse("ac-me.75-api_calls").value();
  const Period march = Period::parse("2026-03").value();
  const std::vector<std::pair<AlertName, std::string>> named = {
      {{AlertKind::over_limit, acme, march}, "alert-2026-03-ac-me.75-api_calls"},
      {{AlertKind::near_limit, acme, march, "api_calls", 75},
       "near-2026-03-75-api_calls-ac-me.75-api_calls"},
      {{AlertKind::near_limit, acme, march, "my_tokens", 100},
       "near-2026-03-100-my_tokens-ac-me.75-api_calls"},
      {{AlertKind::forecast_over, acme, march, "storage_gb"},
       "forecast-2026-03-storage_gb-ac-me.75-api_calls"},
  };
  for (const auto& [name, id] : named) {
    EXPECT_EQ(alert_id_of(name), id);
    EXPECT_EQ(parse_alert_id(id), name) << id;
  }
}

TEST(AlertName, OtherTextsAreNone) {
  for (const char* text :
       {"", "alert", "alert-", "alert-2026-03", "alert-2026-03-", "alert-2026-13-a",
        "near-2026-03-api_calls-a", "near-2026-03-075-api_calls-a", "near-2026-03-0-api_calls-a",
        "near-2026-03-75-API-a", "near-2026-03-75-api_calls-", "near-2026-03-x-api_calls-a",
        "near-2026-03-99999999999-api_calls-a", "forecast-2026-03-a", "forecast-2026-03--a",
        "late-2026-03-a"}) {
    EXPECT_FALSE(parse_alert_id(text)) << text;
  }
}

}  // namespace
}  // namespace metergate
