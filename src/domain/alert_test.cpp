#include "domain/alert.h"

#include <gtest/gtest.h>

namespace metergate {
namespace {

constexpr Timestamp at(std::int64_t ms) { return Timestamp{Milliseconds{ms}}; }

struct Figures {
  std::int64_t calls = 0;
  std::optional<std::int64_t> calls_limit = 1'000;
  std::int64_t stores = 0;
  std::string plan = "basic";
};

Statement statement(const Figures& figures) {
  Statement made;
  made.tenant_name = "Adventure Park";
  made.terms.plan = figures.plan;
  made.terms.limits[Meter::api_calls].units = figures.calls_limit;
  made.terms.limits[Meter::stores_count].units = 5;
  made.usage[Meter::api_calls] = figures.calls;
  made.usage[Meter::stores_count] = figures.stores;
  RateCard rates;
  rates[Meter::api_calls] = {Money{1'000}, 1};
  made.rated = rate(made.usage, made.terms.limits, rates, Currency::usd());
  return made;
}

Alert opened(const Figures& figures) {
  return after_step(AlertStep::open, std::nullopt, statement(figures), at(10),
                    {AlertKind::over_limit, "alert-1"});
}

Alert resolved(Alert alert, std::int64_t overage) {
  alert.status = AlertStatus::resolved;
  alert.resolved_at = at(20);
  alert.resolved_by = "ops";
  alert.resolution_reason = "talked to them";
  alert.overage_resolved[Meter::api_calls] = overage;
  return alert;
}

Statement with_error(std::string reason) {
  Statement made;
  made.rated.billing_error = std::move(reason);
  return made;
}

TEST(ErrorAlert, OpensOnceAndResolvesWhenTheReasonIsGone) {
  EXPECT_EQ(next_error_step(std::nullopt, with_error("")), AlertStep::nothing);
  EXPECT_EQ(next_error_step(std::nullopt, with_error("too much")), AlertStep::open);
  Alert alert = after_step(AlertStep::open, std::nullopt, with_error("too much"), at(10),
                           {AlertKind::error, "alert-error-1"});
  EXPECT_EQ(row_of(alert.kind).type, "billing.error");
  EXPECT_EQ(row_of(alert.kind).severity, "high");
  EXPECT_EQ(alert.billing_error, "too much");
  EXPECT_EQ(next_error_step(alert, with_error("too much")), AlertStep::nothing);
  EXPECT_EQ(next_error_step(alert, with_error("another")), AlertStep::update);
  EXPECT_EQ(next_error_step(alert, with_error("")), AlertStep::resolve);
  alert = after_step(AlertStep::resolve, alert, with_error(""), at(20), {});
  EXPECT_EQ(alert.resolved_by, kAlertResolver);
  EXPECT_EQ(alert.resolution_reason, "What the tenant owes can be said again");
  EXPECT_EQ(next_error_step(alert, with_error("too much")), AlertStep::reopen);
  alert.resolved_by = "ops";
  EXPECT_EQ(next_error_step(alert, with_error("too much")), AlertStep::nothing);
}

TEST(Alert, NothingIsOpenedAtTheLimit) {
  EXPECT_EQ(next_step(std::nullopt, statement({.calls = 0})), AlertStep::nothing);
  EXPECT_EQ(next_step(std::nullopt, statement({.calls = 1'000})), AlertStep::nothing);
  EXPECT_EQ(next_step(std::nullopt, statement({.calls = 9, .calls_limit = std::nullopt})),
            AlertStep::nothing);
}

TEST(Alert, OneIsOpenedJustOverTheLimit) {
  ASSERT_EQ(next_step(std::nullopt, statement({.calls = 1'001})), AlertStep::open);
  const Alert alert = opened({.calls = 1'001});
  EXPECT_EQ(alert.alert_id, "alert-1");
  EXPECT_EQ(alert.status, AlertStatus::open);
  EXPECT_EQ(alert.tenant_name, "Adventure Park");
  EXPECT_EQ(alert.count, 1);
  EXPECT_EQ(alert.first_seen, at(10));
  EXPECT_EQ(alert.last_seen, at(10));
  EXPECT_EQ(alert.created_at, at(10));
  EXPECT_EQ(alert.updated_at, at(10));
  EXPECT_EQ(alert.plan, "basic");
  ASSERT_EQ(alert.lines.size(), 1U);
  EXPECT_EQ(alert.lines[0].meter, Meter::api_calls);
  EXPECT_EQ(alert.lines[0].overage, 1);
  EXPECT_EQ(alert.lines[0].cost, Money{1'000});
}

TEST(Alert, MoreOverageUpdatesTheSameAlert) {
  const Statement more = statement({.calls = 1'500});
  const Alert before = opened({.calls = 1'001});
  ASSERT_EQ(next_step(before, more), AlertStep::update);
  const Alert alert =
      after_step(AlertStep::update, before, more, at(30), {AlertKind::over_limit, "unused"});
  EXPECT_EQ(alert.alert_id, "alert-1");
  EXPECT_EQ(alert.count, 2);
  EXPECT_EQ(alert.first_seen, at(10));
  EXPECT_EQ(alert.last_seen, at(30));
  EXPECT_EQ(alert.lines[0].overage, 500);
}

TEST(Alert, TheSameOverageAsksForNothing) {
  const Alert alert = opened({.calls = 1'200});
  EXPECT_EQ(next_step(alert, statement({.calls = 1'200})), AlertStep::nothing);
  EXPECT_EQ(next_step(alert, statement({.calls = 1'100})), AlertStep::nothing);
}

TEST(Alert, AnotherMeterGoingOverUpdates) {
  const Alert alert = opened({.calls = 1'200});
  EXPECT_EQ(next_step(alert, statement({.calls = 1'200, .stores = 6})), AlertStep::update);
}

TEST(Alert, AnAcknowledgedAlertStaysAcknowledgedWhenUpdated) {
  Alert before = opened({.calls = 1'001});
  before.status = AlertStatus::acknowledged;
  before.acknowledged_by = "noc";
  const Statement more = statement({.calls = 2'000});
  ASSERT_EQ(next_step(before, more), AlertStep::update);
  const Alert alert =
      after_step(AlertStep::update, before, more, at(30), {AlertKind::over_limit, "unused"});
  EXPECT_EQ(alert.status, AlertStatus::acknowledged);
  EXPECT_EQ(alert.acknowledged_by, "noc");
}

TEST(Alert, AChangeOfPlanThatLeavesItOverIsShownAndNotCounted) {
  const Alert before = opened({.calls = 1'500});
  const Statement smaller = statement({.calls = 1'500, .calls_limit = 1'400, .plan = "basic-plus"});
  ASSERT_EQ(next_step(before, smaller), AlertStep::update);
  const Alert alert =
      after_step(AlertStep::update, before, smaller, at(30), {AlertKind::over_limit, "unused"});
  EXPECT_EQ(alert.count, 1);
  EXPECT_EQ(alert.plan, "basic-plus");
  EXPECT_EQ(alert.lines[0].overage, 100);
  EXPECT_EQ(next_step(alert, smaller), AlertStep::nothing);
}

TEST(Alert, AChangeOfPlanAfterWhichNothingIsOverResolvesIt) {
  const Alert before = opened({.calls = 1'500});
  const Statement roomy = statement({.calls = 1'600, .calls_limit = 5'000, .plan = "premium"});
  ASSERT_EQ(next_step(before, roomy), AlertStep::resolve);
  const Alert alert =
      after_step(AlertStep::resolve, before, roomy, at(30), {AlertKind::over_limit, "unused"});
  EXPECT_EQ(alert.status, AlertStatus::resolved);
  EXPECT_EQ(alert.resolved_at, at(30));
  EXPECT_EQ(alert.resolved_by, kAlertResolver);
  EXPECT_EQ(alert.resolution_reason,
            "The plan was changed from basic to premium; no meter is over its limit any more");
  EXPECT_EQ(alert.updated_at, at(30));
}

TEST(Alert, AChangeOfLimitsAfterWhichNothingIsOverResolvesIt) {
  const Alert before = opened({.calls = 1'500});
  const Statement unlimited = statement({.calls = 1'500, .calls_limit = std::nullopt});
  ASSERT_EQ(next_step(before, unlimited), AlertStep::resolve);
  const Alert alert =
      after_step(AlertStep::resolve, before, unlimited, at(30), {AlertKind::over_limit, "unused"});
  EXPECT_EQ(alert.resolution_reason,
            "The limits on plan basic were changed; no meter is over its limit any more");
}

TEST(Alert, UsageThatShrinksByItselfResolvesNothing) {
  const Alert alert = opened({.stores = 6});
  EXPECT_EQ(next_step(alert, statement({.stores = 5})), AlertStep::nothing);
}

TEST(Alert, AResolvedOneComesBackAfterATenthOfItsLimitMore) {
  const Alert alert = resolved(opened({.calls = 1'200}), 200);
  EXPECT_EQ(next_step(alert, statement({.calls = 1'200})), AlertStep::nothing);
  EXPECT_EQ(next_step(alert, statement({.calls = 1'299})), AlertStep::nothing);
  const Statement grown = statement({.calls = 1'300});
  ASSERT_EQ(next_step(alert, grown), AlertStep::reopen);
  const Alert again =
      after_step(AlertStep::reopen, alert, grown, at(40), {AlertKind::over_limit, "unused"});
  EXPECT_EQ(again.alert_id, "alert-1");
  EXPECT_EQ(again.status, AlertStatus::open);
  EXPECT_EQ(again.count, 2);
  EXPECT_EQ(again.resolved_at, std::nullopt);
  EXPECT_EQ(again.resolved_by, "");
  EXPECT_EQ(again.resolution_reason, "");
  EXPECT_EQ(again.last_seen, at(40));
  EXPECT_EQ(again.lines[0].overage, 300);
  EXPECT_EQ(again.overage_resolved, PerMeter<std::int64_t>{});
}

TEST(Alert, AResolvedOneComesBackForAnotherMeterToo) {
  const Alert alert = resolved(opened({.calls = 1'200}), 200);
  EXPECT_EQ(next_step(alert, statement({.calls = 1'200, .stores = 6})), AlertStep::reopen);
}

TEST(Alert, OfALimitOfZeroAnyGrowthBringsItBack) {
  const Alert alert = resolved(opened({.calls = 3, .calls_limit = 0}), 3);
  EXPECT_EQ(next_step(alert, statement({.calls = 3, .calls_limit = 0})), AlertStep::nothing);
  EXPECT_EQ(next_step(alert, statement({.calls = 4, .calls_limit = 0})), AlertStep::reopen);
}

TEST(Alert, AResolvedOneStaysSoWhenNothingIsOver) {
  const Alert alert = resolved(opened({.calls = 1'200}), 200);
  EXPECT_EQ(next_step(alert, statement({.calls = 900, .plan = "premium"})), AlertStep::nothing);
}

TEST(AlertStatus, NamesComeBack) {
  for (const AlertStatus status :
       {AlertStatus::open, AlertStatus::acknowledged, AlertStatus::resolved})
    EXPECT_EQ(find_alert_status(to_text(status)), status);
  EXPECT_EQ(find_alert_status("closed"), std::nullopt);
}

}  // namespace
}  // namespace metergate
