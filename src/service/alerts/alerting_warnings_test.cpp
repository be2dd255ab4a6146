// Warnings before a limit is passed: near_limit and forecast_over.
#include <gtest/gtest.h>

#include "service/alerts/alerting.h"
#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

class AlertingWarnings : public testing::Test {
 protected:
  explicit AlertingWarnings(BillingRules rules = {}) : world_(std::move(rules)) {
    world_.add("a", "free");  // 10,000 calls, 1 store, 2 devices
  }

  // The near_limit alerts of a meter by threshold, such as "75 open, 90 resolved".
  std::string near(std::string_view meter = "api_calls", std::string_view id = "a") {
    std::map<std::int64_t, std::string> found;
    for (const Json& alert : all("billing.near_limit")) {
      if (alert.string_at("meter") != meter || alert.string_at("tenant_id") != id) continue;
      EXPECT_EQ(alert.string_at("severity"), "low");
      found[alert.integer_at("threshold").value()] = alert.string_at("status").value();
    }
    std::string text;
    for (const auto& [threshold, status] : found)
      text += (text.empty() ? "" : ", ") + std::to_string(threshold) + " " + status;
    return text;
  }
  std::vector<Json> all(std::string type) {
    AlertQuery query;
    query.type = std::move(type);
    query.limit = 200;
    return must(world_.alerting.list(query)).alerts;
  }
  // Today: usage of a past day would be forecast for later days.
  void call(std::int64_t count) {
    world_.calls("a", "2026-03-10", count);
    must(world_.alerting.watch_step());
  }
  // The number of deliveries by type, to the provider and the tenant.
  std::map<std::string, int> told() {
    std::map<std::string, int> types;
    for (const Json& delivery : world_.documents(Collection::webhook_deliveries))
      ++types[delivery.string_at("type").value()];
    return types;
  }
  void listen() {
    must(world_.webhook_book->add(WebhookOwner::provider(),
                                  {"https://noc.example/", {"alert.*"}, {}}, world_.actor));
    const auto access = must(
        Caller::of_tenant("till", tenant("a")).access(tenant("a"), Permission::tenants_update));
    must(world_.webhook_book->add(WebhookOwner::of(access),
                                  {"https://a.example/", {"usage.near_limit"}, {}}, world_.actor));
  }

  ServicesWorld world_;
};

TEST_F(AlertingWarnings, OpenInTheStepAfterAThresholdIsReached) {
  call(7'499);
  EXPECT_EQ(near(), "");
  call(1);
  EXPECT_EQ(near(), "75 open");
  const Json alert = all("billing.near_limit")[0];
  EXPECT_EQ(alert.string_at("alert_id"), "near-2026-03-75-api_calls-a");
  EXPECT_EQ(to_text(*alert.find("metadata")),
            R"({"plan":"free","period":"2026-03","meter":"api_calls","threshold_percent":75,)"
            R"("meters":{"api_calls":{"usage":7500,"limit":10000,"utilization_percent":75.0}}})");
  call(1'499);
  EXPECT_EQ(near(), "75 open");
  call(1);
  EXPECT_EQ(near(), "75 open, 90 open");
  EXPECT_TRUE(all("billing.over_limit").empty());
}

TEST_F(AlertingWarnings, AreResolvedInTheBatchOfTheAlertThatTakesTheirPlace) {
  call(9'000);
  EXPECT_EQ(near(), "90 open") << "the highest alone";
  world_.calls("a", "2026-03-10", 1'001);
  const Sequence before = world_.store->head();
  must(world_.alerting.watch_step());
  EXPECT_EQ(world_.store->head(), before + 1);
  EXPECT_EQ(near(), "90 resolved");
  EXPECT_EQ(all("billing.over_limit").size(), 1U);
}

TEST_F(AlertingWarnings, AreToldOnceToProviderAndTenant) {
  listen();
  call(7'500);
  call(100);
  must(world_.alerting.sweep());
  EXPECT_EQ(told(), (std::map<std::string, int>{{"alert.opened", 1}, {"usage.near_limit", 1}}));
  const Json* payload = nullptr;
  std::vector<Json> deliveries = world_.documents(Collection::webhook_deliveries);
  for (const Json& delivery : deliveries)
    if (delivery.string_at("type") == "usage.near_limit") payload = delivery.find("payload");
  ASSERT_NE(payload, nullptr);
  const Json told_tenant = must(parse_json(payload->as_string()));
  const Json& data = *told_tenant.find("data");
  EXPECT_EQ(data.string_at("tenant_id"), "a");
  EXPECT_EQ(data.string_at("type"), "billing.near_limit");
  EXPECT_EQ(data.string_at("meter"), "api_calls");
  EXPECT_EQ(data.integer_at("threshold"), 75);
  EXPECT_EQ(data.find("acknowledged_by"), nullptr);
}

TEST_F(AlertingWarnings, SeveralMetersHaveTheirOwn) {
  world_.devices("a", "2026-03-09T10:00:00Z", 2);
  call(7'500);
  EXPECT_EQ(near(), "75 open");
  EXPECT_EQ(near("devices_count"), "90 open");
  world_.devices("a", "2026-03-09T11:00:00Z", 1);
  must(world_.alerting.watch_step());
  EXPECT_EQ(near("devices_count"), "90 resolved");
  EXPECT_EQ(near(), "75 open");
}

TEST_F(AlertingWarnings, RestartOpensNoneAnew) {
  listen();
  call(9'500);
  for (int i = 0; i < 3; ++i) {
    Alerting again{{*world_.store, *world_.directory, world_.billing, *world_.deliveries,
                    world_.rules, world_.clock}};
    must(again.sweep());
  }
  EXPECT_EQ(near(), "90 open");
  EXPECT_EQ(told()["alert.opened"], 1);
}

TEST_F(AlertingWarnings, APersonMayAcknowledgeWithAReasonAndResolve) {
  call(7'500);
  const std::string id = "near-2026-03-75-api_calls-a";
  EXPECT_FALSE(world_.alerting.acknowledge(id, "  ", world_.actor));
  EXPECT_FALSE(world_.alerting.acknowledge(id, "no", world_.actor));
  const Json acknowledged = must(world_.alerting.acknowledge(id, "They know", world_.actor));
  EXPECT_EQ(acknowledged.string_at("acknowledge_reason"), "They know");
  EXPECT_EQ(must(world_.alerting.get(id)).string_at("acknowledge_reason"), "They know");
  must(world_.alerting.resolve(id, "They have ordered more", world_.actor));
  call(1'000);
  EXPECT_EQ(near(), "75 resolved");
}

TEST_F(AlertingWarnings, OfAClosedPeriodAreResolved) {
  call(7'500);
  world_.clock.set(at("2026-04-02T00:00:00Z"));
  must(world_.alerting.sweep());
  EXPECT_EQ(near(), "75 open") << "within the grace the period is open";
  world_.clock.set(at("2026-04-04T00:00:01Z"));
  must(world_.alerting.sweep());
  EXPECT_EQ(near(), "75 resolved");
  EXPECT_EQ(all("billing.near_limit")[0].string_at("resolution_reason"),
            "The period 2026-03 is closed");
}

TEST_F(AlertingWarnings, ForecastThatPassesTheLimitOpensOne) {
  listen();
  for (int day = 1; day <= 9; ++day) world_.calls("a", "2026-03-0" + std::to_string(day), 400);
  must(world_.alerting.watch_step());
  const auto alerts = all("billing.forecast_over");
  ASSERT_EQ(alerts.size(), 1U);
  EXPECT_EQ(alerts[0].string_at("alert_id"), "forecast-2026-03-api_calls-a");
  EXPECT_EQ(alerts[0].string_at("severity"), "low");
  const Json* metadata = alerts[0].find("metadata");
  EXPECT_EQ(metadata->integer_at("expected"), 12'400);
  EXPECT_EQ(metadata->string_at("passes_on"), "2026-03-26");
  EXPECT_EQ(told(), (std::map<std::string, int>{{"alert.opened", 1}, {"usage.near_limit", 1}}));
  world_.change_plan("a", "premium");
  must(world_.alerting.watch_step());
  EXPECT_EQ(all("billing.forecast_over")[0].string_at("status"), "resolved");
  world_.change_plan("a", "free");
  must(world_.alerting.sweep());
  EXPECT_EQ(all("billing.forecast_over")[0].string_at("status"), "resolved") << "once a period";
}

TEST_F(AlertingWarnings, ForecastIsResolvedWhenTheLimitIsPassed) {
  for (int day = 1; day <= 9; ++day) world_.calls("a", "2026-03-0" + std::to_string(day), 400);
  must(world_.alerting.watch_step());
  world_.calls("a", "2026-03-10", 7'000);
  must(world_.alerting.watch_step());
  EXPECT_EQ(all("billing.forecast_over")[0].string_at("status"), "resolved");
  EXPECT_EQ(all("billing.over_limit").size(), 1U);
}

TEST_F(AlertingWarnings, AreFoundByTypeAndMeter) {
  call(9'000);
  Query query;
  query.collection = Collection::provider_alerts;
  query.filter = Filter::all({Filter::equal("type", std::string{"billing.near_limit"}),
                              Filter::equal("meter", std::string{"api_calls"}),
                              Filter::equal("threshold", 90)});
  EXPECT_EQ(must(world_.store->count(query)), 1);
}

class NoWarnings : public AlertingWarnings {
 protected:
  NoWarnings() : AlertingWarnings(rules()) {}
  static BillingRules rules() {
    BillingRules rules;
    rules.overage_alerts = false;
    return rules;
  }
};

TEST_F(NoWarnings, WhereAlertsAreSwitchedOff) {
  call(9'000);
  must(world_.alerting.sweep());
  EXPECT_EQ(near(), "");
}

class OneThreshold : public AlertingWarnings {
 protected:
  OneThreshold() : AlertingWarnings(rules()) {}
  static BillingRules rules() {
    BillingRules rules;
    rules.alert_thresholds = {100};
    return rules;
  }
};

TEST_F(OneThreshold, MayBeTheLimitItself) {
  call(9'999);
  EXPECT_EQ(near(), "");
  call(1);
  EXPECT_EQ(near(), "100 open");
  EXPECT_TRUE(all("billing.over_limit").empty());
}

}  // namespace
}  // namespace metergate
