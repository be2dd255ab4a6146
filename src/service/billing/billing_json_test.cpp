#include <gtest/gtest.h>

#include "service/billing/billing.h"
#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

Statement worked_example() {
  ServicesWorld world;
  world.add_worked_example();
  return must(world.billing.statement(tenant("tenant_456"), period("2026-03")));
}

TEST(BillingJson, TenantBillingIsExactlyAsDocumented) {
  EXPECT_EQ(
      to_text(tenant_billing_json(worked_example())),
      R"({"tenant_id":"tenant_456","tenant_name":"Name of tenant_456","plan":"basic",)"
      R"("status":"active",)"
      R"("usage":{"stores_count":6,"devices_count":12,"api_calls":65000,"webhook_calls":800,)"
      R"("storage_gb":15.2},)"
      R"("limits":{"max_stores":5,"max_devices":10,"max_api_calls_per_month":50000,)"
      R"("max_webhooks_per_month":500,"max_storage_gb":10},)"
      R"("overages":{"stores_count":1,"devices_count":2,"api_calls":15000,"webhook_calls":300,)"
      R"("storage_gb":5.2},)"
      R"("utilization":{"stores_count_percent":120.0,"devices_count_percent":120.0,)"
      R"("api_calls_percent":130.0,"webhook_calls_percent":160.0,"storage_gb_percent":152.0},)"
      R"("has_overages":true,"overage_cost":48.40,"currency":"USD",)"
      R"("health_status":"critical"})");
}

TEST(BillingJson, TenantWithinItsLimitsHasNoOveragesAndNullWhereUnlimited) {
  ServicesWorld world;
  world.add("a", "free");
  LimitsOverride own;
  own[Meter::api_calls] = Limit{};
  must(world.directory->change(tenant("a"), {{}, {}, own, "agreed"}, world.actor));
  world.calls("a", "2026-03-02", 1'000'000);
  const Statement statement = must(world.billing.statement(tenant("a"), period("2026-03")));
  const Json json = tenant_billing_json(statement);
  EXPECT_EQ(to_text(*json.find("overages")), "{}");
  EXPECT_TRUE(json.find("limits")->find("max_api_calls_per_month")->is_null());
  EXPECT_EQ(to_text(*json.find("utilization")->find("api_calls_percent")), "0.0");
  EXPECT_EQ(to_text(*json.find("overage_cost")), "0.00");
}

TEST(BillingJson, CostHasTheCurrencysDecimals) {
  const Currency yen = must(Currency::find("JPY"));
  Statement statement = worked_example();
  statement.currency = yen;
  const Json json = tenant_billing_json(statement);
  EXPECT_EQ(to_text(*json.find("overage_cost")), "48");
  EXPECT_EQ(json.string_at("currency"), "JPY");
}

TEST(BillingJson, OneByteOverCanBeSeen) {
  ServicesWorld world;
  world.add("a", "basic");  // 10 GB
  world.record("a", at("2026-03-04T10:00:00Z"), StorageReport{(std::int64_t{10} << 30) + 1});
  const Statement statement = must(world.billing.statement(tenant("a"), period("2026-03")));
  const Json json = tenant_billing_json(statement);
  EXPECT_EQ(to_text(*json.find("usage")->find("storage_gb")), "10.000000001");
  EXPECT_EQ(to_text(*json.find("overages")), R"({"storage_gb":0.000000001})");
  EXPECT_EQ(to_text(*json.find("utilization")->find("storage_gb_percent")), "100.00000001");
  EXPECT_EQ(json.string_at("health_status"), "critical");
  EXPECT_EQ(to_text(line_items_json(statement).as_array()[4]),
            R"({"meter":"storage_gb","usage":10.000000001,"included":10,"overage":0.000000001,)"
            R"("rate":2.00,"cost":0.00,"currency":"USD"})");
}

TEST(BillingJson, UsageOfALimitOfZeroHasNoPercentage) {
  ServicesWorld world;
  world.add("a", "free");
  LimitsOverride own;
  own[Meter::webhook_calls] = Limit{0, LimitEffect::soft};
  must(world.directory->change(tenant("a"), {{}, {}, own, "agreed"}, world.actor));
  const auto shown = [&] {
    return tenant_billing_json(must(world.billing.statement(tenant("a"), period("2026-03"))));
  };
  EXPECT_EQ(to_text(*shown().find("utilization")->find("webhook_calls_percent")), "0.0");
  world.webhooks("a", "2026-03-04", 1);
  EXPECT_TRUE(shown().find("utilization")->find("webhook_calls_percent")->is_null());
  EXPECT_EQ(shown().string_at("health_status"), "critical");
}

TEST(BillingJson, LineItemsExplainTheCost) {
  const Json items = line_items_json(worked_example());
  ASSERT_EQ(items.as_array().size(), 5U);
  EXPECT_EQ(to_text(items.as_array()[2]),
            R"({"meter":"api_calls","usage":65000,"included":50000,"overage":15000,)"
            R"("rate":0.001,"cost":15.00,"currency":"USD"})");
  EXPECT_EQ(to_text(items.as_array()[4]),
            R"({"meter":"storage_gb","usage":15.2,"included":10,"overage":5.2,)"
            R"("rate":2.00,"cost":10.40,"currency":"USD"})");
}

TEST(BillingJson, ForecastIsNullWhereThereIsNone) {
  PerMeter<std::optional<Forecast>> forecast;
  forecast[Meter::storage_gb] = Forecast{kBytesPerGigabyte * 3 / 2, std::nullopt};
  forecast[Meter::api_calls] = Forecast{10, day("2026-03-20")};
  EXPECT_EQ(to_text(forecast_json(forecast, {})),
            R"({"stores_count":null,"devices_count":null,)"
            R"("api_calls":{"expected":10,"passes_limit_on":"2026-03-20"},)"
            R"("webhook_calls":null,"storage_gb":{"expected":1.5,"passes_limit_on":null}})");
}

TEST(BillingJson, FiguresOverNoCallsAreNull) {
  PeriodStats none;
  none.counter.emplace();
  none.endpoints = 0;
  const Json json = stats_json(none);
  EXPECT_EQ(to_text(*json.find("api_calls")),
            R"({"total_calls":0,"unique_endpoints_count":0,"avg_response_time_ms":null,)"
            R"("p50_response_time_ms":null,"p95_response_time_ms":null,)"
            R"("p99_response_time_ms":null,"success_rate_percent":null,)"
            R"("total_data_transfer_bytes":0})");
}

TEST(BillingJson, FiguresThatAreNoLongerKeptAreNullNotZero) {
  PeriodStats gone;
  gone.calls_frozen = 200;
  gone.webhooks_frozen = 0;
  const Json json = stats_json(gone);
  EXPECT_EQ(to_text(*json.find("api_calls")),
            R"({"total_calls":200,"unique_endpoints_count":null,"avg_response_time_ms":null,)"
            R"("p50_response_time_ms":null,"p95_response_time_ms":null,)"
            R"("p99_response_time_ms":null,"success_rate_percent":null,)"
            R"("total_data_transfer_bytes":null})");
  EXPECT_EQ(json.find("webhook_calls")->integer_at("total_calls"), 0);
  EXPECT_TRUE(stats_json({}).find("webhook_calls")->find("total_calls")->is_null());
}

TEST(BillingJson, StatsCountSuccessAndBytes) {
  PeriodStats stats;
  stats.counter.emplace();
  stats.counter->calls.fold({"GET", "GET /a", "/a", 200, 100, 900, Microseconds{4000}, "", "", ""},
                            true);
  stats.counter->calls.fold({"GET", "GET /a", "/a", 404, 100, 900, Microseconds{6000}, "", "", ""},
                            true);
  stats.counter->webhooks.count = 3;
  stats.counter->webhooks.failures = 1;
  const Json json = stats_json(stats);
  const Json& calls = *json.find("api_calls");
  EXPECT_EQ(to_text(*calls.find("success_rate_percent")), "50.0");
  EXPECT_EQ(to_text(*calls.find("avg_response_time_ms")), "5");
  EXPECT_EQ(calls.integer_at("total_data_transfer_bytes"), 2000);
  EXPECT_EQ(to_text(*json.find("webhook_calls")->find("success_rate_percent")), "66.7");
}

}  // namespace
}  // namespace metergate
