#include "service/alerts/alerting.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

class AlertingTest : public testing::Test {
 protected:
  explicit AlertingTest(BillingRules rules = {}) : world_(std::move(rules)) {
    world_.add("a", "free");  // 10,000 calls
    must(world_.alerting.watch_step());
  }

  std::optional<Json> alert(std::string_view id = "a") {
    AlertQuery query;
    query.type = kOverLimitType;
    query.tenant_id = id;
    const AlertPage page = must(world_.alerting.list(query));
    if (page.alerts.empty()) return std::nullopt;
    EXPECT_EQ(page.total, 1);
    return page.alerts[0];
  }

  std::string status() { return alert().value().string_at("status").value(); }

  ServicesWorld world_;
  const std::string id_ = "alert-2026-03-a";
};

TEST_F(AlertingTest, OpensInTheStepAfterTheLimitIsPassed) {
  world_.calls("a", "2026-03-09", 10'000);
  must(world_.alerting.watch_step());
  EXPECT_FALSE(alert().has_value());
  world_.one_call("a", "2026-03-10T11:00:00Z");
  EXPECT_EQ(must(world_.alerting.watch_step()).done, 1);
  const Json opened = alert().value();
  EXPECT_EQ(opened.string_at("type"), "billing.over_limit");
  EXPECT_EQ(opened.string_at("severity"), "medium");
  EXPECT_EQ(opened.string_at("status"), "open");
  EXPECT_EQ(opened.string_at("period"), "2026-03");
  EXPECT_EQ(opened.string_at("tenant_name"), "Name of a");
  EXPECT_EQ(opened.integer_at("count"), 1);
  EXPECT_EQ(opened.timestamp_at("first_seen"), world_.clock.now());
  EXPECT_EQ(to_text(*opened.find("metadata")),
            R"({"plan":"free","period":"2026-03","meters":{"api_calls":{"usage":10001,)"
            R"("limit":10000,"overage":1,"cost":0.001,"currency":"USD"}}})");
}

TEST_F(AlertingTest, MoreOverageUpdatesTheSameAlert) {
  world_.calls("a", "2026-03-09", 10'001);
  must(world_.alerting.watch_step());
  world_.clock.advance(Milliseconds{60'000});
  world_.calls("a", "2026-03-09", 1000);
  must(world_.alerting.watch_step());
  const Json updated = alert().value();
  EXPECT_EQ(updated.integer_at("count"), 2);
  EXPECT_EQ(updated.timestamp_at("last_seen"), world_.clock.now());
  EXPECT_LT(updated.timestamp_at("first_seen"), updated.timestamp_at("last_seen"));
}

TEST_F(AlertingTest, UpdateWaitsForASecondToPassAndIsNotForgotten) {
  world_.calls("a", "2026-03-09", 10'001);
  must(world_.alerting.watch_step());
  world_.clock.advance(Milliseconds{200});
  world_.calls("a", "2026-03-09", 1000);
  EXPECT_EQ(must(world_.alerting.watch_step()).done, 0);
  EXPECT_EQ(alert().value().integer_at("count"), 1);
  world_.clock.advance(Milliseconds{800});
  EXPECT_EQ(must(world_.alerting.watch_step()).done, 1);
  EXPECT_EQ(alert().value().integer_at("count"), 2);
}

TEST_F(AlertingTest, WhatTheStoreRefusedIsTriedAgain) {
  world_.calls("a", "2026-03-09", 10'001);
  world_.store->faults().refuse_writes = true;
  EXPECT_FALSE(world_.alerting.watch_step().has_value());
  EXPECT_FALSE(alert().has_value());
  world_.store->faults().refuse_writes = false;
  EXPECT_EQ(must(world_.alerting.watch_step()).done, 1);
  EXPECT_EQ(status(), "open");
}

TEST_F(AlertingTest, SweepFindsWhatTheWatchMissed) {
  world_.calls("a", "2026-03-09", 10'001);
  static_cast<void>(world_.store->take_touched(1000));
  EXPECT_EQ(must(world_.alerting.watch_step()).done, 0);
  EXPECT_EQ(must(world_.alerting.sweep()).done, 1);
  EXPECT_EQ(must(world_.alerting.sweep()).done, 0);
}

TEST_F(AlertingTest, ASweepGoesInStepsThroughAllTenants) {
  for (int number = 0; number < 1000; ++number) world_.add(fmt::format("b{:03}", number), "free");
  world_.add("c", "free");
  world_.calls("a", "2026-03-09", 10'001);
  world_.calls("c", "2026-03-09", 10'001);
  while (!world_.store->take_touched(1000).empty()) continue;
  const TickReport first = must(world_.alerting.sweep());
  EXPECT_EQ(first.done, 1);
  EXPECT_TRUE(first.more);
  EXPECT_TRUE(alert("a").has_value());
  EXPECT_FALSE(alert("c").has_value());
  const TickReport second = must(world_.alerting.sweep());
  EXPECT_EQ(second.done, 1);
  EXPECT_FALSE(second.more);
  EXPECT_TRUE(alert("c").has_value());
  EXPECT_TRUE(must(world_.alerting.sweep()).more) << "the next sweep begins with the first tenant";
}

TEST_F(AlertingTest, EachPeriodHasItsOwnAlertWhileItIsOpen) {
  world_.clock.set(at("2026-03-02T00:00:00Z"));
  world_.calls("a", "2026-02-20", 10'001);
  world_.calls("a", "2026-01-20", 10'001);  // closed by time
  world_.calls("a", "2026-03-01", 10'001);
  must(world_.alerting.watch_step());
  AlertQuery query;
  query.sort = "period";
  const AlertPage page = must(world_.alerting.list(query));
  ASSERT_EQ(page.total, 2);
  EXPECT_EQ(page.alerts[0].string_at("period"), "2026-02");
  EXPECT_EQ(page.alerts[1].string_at("period"), "2026-03");
}

TEST_F(AlertingTest, AcknowledgeSaysByWhomAndIsAudited) {
  world_.calls("a", "2026-03-09", 10'001);
  must(world_.alerting.watch_step());
  const Json acknowledged = must(world_.alerting.acknowledge(id_, "", world_.actor));
  EXPECT_EQ(acknowledged.string_at("status"), "acknowledged");
  EXPECT_EQ(acknowledged.string_at("acknowledged_by"), "ann@example.com");
  EXPECT_EQ(acknowledged.timestamp_at("acknowledged_at"), world_.clock.now());
  EXPECT_EQ(acknowledged.find("exact"), nullptr);
  const Json audit = world_.documents(Collection::provider_audits).back();
  EXPECT_EQ(audit.string_at("action"), "alert.acknowledged");
  EXPECT_EQ(audit.string_at("tenant_id"), "a");
  const Result<Json> again = world_.alerting.acknowledge(id_, "", world_.actor);
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, ErrorCode::conflict);
}

TEST_F(AlertingTest, ResolveNeedsAReasonAndHappensOnce) {
  world_.calls("a", "2026-03-09", 10'001);
  must(world_.alerting.watch_step());
  for (const std::string& reason :
       {std::string{}, std::string{"ok"}, std::string{"    "}, std::string(501, 'x')}) {
    const Result<Json> refused = world_.alerting.resolve(id_, reason, world_.actor);
    ASSERT_FALSE(refused.has_value()) << reason;
    EXPECT_EQ(refused.error().code, ErrorCode::invalid);
  }
  const Json resolved = must(world_.alerting.resolve(id_, "Agreed by phone", world_.actor));
  EXPECT_EQ(resolved.string_at("status"), "resolved");
  EXPECT_EQ(resolved.string_at("resolution_reason"), "Agreed by phone");
  EXPECT_EQ(world_.documents(Collection::provider_audits).back().string_at("reason"),
            "Agreed by phone");
  for (const Result<Json>& late : {world_.alerting.resolve(id_, "Once more", world_.actor),
                                   world_.alerting.acknowledge(id_, "", world_.actor)}) {
    ASSERT_FALSE(late.has_value());
    EXPECT_EQ(late.error().code, ErrorCode::alert_already_resolved);
  }
}

TEST_F(AlertingTest, ResolvedAlertReopensAtATenthOfTheLimit) {
  world_.calls("a", "2026-03-09", 10'500);
  must(world_.alerting.watch_step());
  must(world_.alerting.resolve(id_, "Agreed by phone", world_.actor));
  world_.clock.advance(Milliseconds{10'000});
  world_.calls("a", "2026-03-09", 999);
  must(world_.alerting.watch_step());
  EXPECT_EQ(status(), "resolved");
  world_.calls("a", "2026-03-09", 1);
  must(world_.alerting.watch_step());
  EXPECT_EQ(status(), "open");
  EXPECT_TRUE(alert().value().find("resolved_at")->is_null());
}

TEST_F(AlertingTest, OverageThatGrewBeforeItWasResolvedDoesNotCountAsGrowth) {
  world_.calls("a", "2026-03-09", 10'001);
  must(world_.alerting.watch_step());
  world_.calls("a", "2026-03-09", 5000);  // not seen by a step yet
  must(world_.alerting.resolve(id_, "Agreed by phone", world_.actor));
  must(world_.alerting.watch_step());
  EXPECT_EQ(status(), "resolved");
}

TEST_F(AlertingTest, LargerPlanResolvesWithThatReason) {
  world_.calls("a", "2026-03-09", 10'001);
  must(world_.alerting.watch_step());
  world_.change_plan("a", "basic");
  EXPECT_TRUE(must(world_.alerting.evaluate({tenant("a"), period("2026-03")})));
  const Json resolved = alert().value();
  EXPECT_EQ(resolved.string_at("status"), "resolved");
  EXPECT_NE(resolved.string_at("resolution_reason").value().find("basic"), std::string::npos);
}

TEST_F(AlertingTest, UnknownAlertIsNotFound) {
  for (const std::string id : {"alert-2026-03-a", "alert-2026-03-", "alert-2026-13-a", "x", ""}) {
    const Result<Json> refused = world_.alerting.acknowledge(id, "", world_.actor);
    ASSERT_FALSE(refused.has_value()) << id;
    EXPECT_EQ(refused.error().code, ErrorCode::alert_not_found);
  }
}

BillingRules without_alerts() {
  BillingRules rules;
  rules.overage_alerts = false;
  return rules;
}

class AlertingOff : public AlertingTest {
 protected:
  AlertingOff() : AlertingTest(without_alerts()) {}
};

TEST_F(AlertingOff, OpensNothing) {
  world_.calls("a", "2026-03-09", 10'001);
  EXPECT_EQ(must(world_.alerting.watch_step()).done, 0);
  EXPECT_EQ(must(world_.alerting.sweep()).done, 0);
  EXPECT_FALSE(alert().has_value());
}

}  // namespace
}  // namespace metergate
