// The contract for counters, gauges, days, changed tenants, retention and recounting.
#include <algorithm>

#include "storage/testing/store_contract.h"

namespace metergate::contract {
namespace {

Batch stores(std::string_view id, std::string_view status, std::string_view when) {
  return record(Collection::stores, "a", id, status, when);
}

Batch close(std::string_view through) {
  Batch batch;
  batch.close_through = period(through);
  return batch;
}

TEST_P(StoreContract, ATenantWithoutAnythingHasNoCounter) {
  EXPECT_EQ(store().counter(tenant("a"), period("2026-03")).value(), std::nullopt);
  EXPECT_TRUE(store().counters(tenant("a")).value().empty());
  apply(events({call("a", "1", "2026-03-05")}));
  EXPECT_EQ(store().counter(tenant("a"), period("2026-02")).value(), std::nullopt);
}

TEST_P(StoreContract, CallsAndWebhooksAreSummed) {
  UsageEvent failed = call("a", "2", "2026-03-05");
  std::get<ApiCall>(failed.fact).status = 500;
  UsageEvent unbilled = call("a", "3", "2026-03-05");
  unbilled.billable = false;
  apply(events({call("a", "1", "2026-03-05"), failed, unbilled,
                fact("a", "4", "2026-03-06", WebhookCall{"w", true, 200, 1, Microseconds{5}}),
                fact("a", "5", "2026-03-06", WebhookCall{"w", false, 0, 2, Microseconds{5}})}));
  const Counter march = counter("a", "2026-03");
  EXPECT_EQ(march.calls.count, 2);
  EXPECT_EQ(march.calls.unbilled, 1);
  EXPECT_EQ(march.calls.by_status_class[4], 1);
  EXPECT_EQ(march.calls.response_bytes, 40);
  EXPECT_EQ(march.webhooks.count, 2);
  EXPECT_EQ(march.webhooks.failures, 1);
  EXPECT_EQ(march.updated_at, at("2026-03-06"));
}

TEST_P(StoreContract, ActiveRecordsAreCountedWithTheirPeak) {
  apply(stores("1", "active", "2026-03-01"));
  apply(stores("2", "active", "2026-03-02"));
  apply(stores("3", "suspended", "2026-03-03"));
  apply(stores("1", "suspended", "2026-03-04"));
  EXPECT_EQ(counter("a", "2026-03").gauges.stores.last, 1);
  EXPECT_EQ(counter("a", "2026-03").gauges.stores.peak, 2);
  apply(write(Collection::stores, {"a", "2"}, std::nullopt, "2026-03-05"));
  EXPECT_EQ(counter("a", "2026-03").gauges.stores.last, 0);
  EXPECT_EQ(counter("a", "2026-03").gauges.devices.last, 0);
}

TEST_P(StoreContract, OfTwoChangesAtOneInstantTheLaterStands) {
  apply(stores("1", "active", "2026-03-01"));
  apply(stores("1", "suspended", "2026-03-01"));
  EXPECT_EQ(counter("a", "2026-03").gauges.stores.last, 0);
  EXPECT_EQ(counter("a", "2026-03").gauges.stores.peak, 1);
}

TEST_P(StoreContract, AClockThatWentBackLosesNoChange) {
  apply(stores("1", "active", "2026-03-10"));
  apply(stores("1", "deleted", "2026-03-09"));
  EXPECT_EQ(counter("a", "2026-03").gauges.stores.last, 0);
}

TEST_P(StoreContract, SalesAndTicketsCountEveryRecordEverMade) {
  for (const auto collection : {Collection::sales, Collection::tickets}) {
    const std::string name = collection == Collection::sales ? "sale_id" : "ticket_id";
    for (const std::string id : {"1", "2"}) {
      apply(write(collection, {"a", id}, Json::object({{"tenant_id", "a"}, {name, id}})));
    }
    apply(write(collection, {"a", "1"}, std::nullopt));
  }
  EXPECT_EQ(counter("a", "2026-03").gauges.sales.last, 2);
  EXPECT_EQ(counter("a", "2026-03").gauges.tickets.last, 2);
}

TEST_P(StoreContract, GaugesAreCarriedIntoLaterMonths) {
  apply(stores("1", "active", "2026-01-10"));
  apply(events({fact("a", "s", "2026-02-10", StorageReport{77}), call("b", "1", "2026-04-01")}));
  const Counter march = counter("a", "2026-03");
  EXPECT_EQ(march.gauges.stores.last, 1);
  EXPECT_EQ(march.gauges.stores.peak, 1);
  EXPECT_EQ(march.gauges.reported_bytes.last, 77);
  EXPECT_EQ(march.calls.count, 0);
  const auto months = store().counters(tenant("a")).value();
  ASSERT_EQ(months.size(), 4U);  // up to the newest month of any tenant
  EXPECT_EQ(months.front().first, period("2026-04"));
  EXPECT_EQ(months.front().second.gauges.stores.last, 1);
  EXPECT_FALSE(months.back().second.gauges.reported_bytes.is_set());
}

TEST_P(StoreContract, ALateGaugeReachesTheMonthsBehindIt) {
  apply(events({fact("a", "1", "2026-03-05", StorageReport{10}),
                fact("a", "2", "2026-04-05", CountReport{Meter::stores_count, 1})}));
  apply(events({fact("a", "3", "2026-03-20", StorageReport{5})}));
  EXPECT_EQ(counter("a", "2026-04").gauges.reported_bytes.last, 5);
  EXPECT_EQ(counter("a", "2026-04").gauges.reported_bytes.peak, 5);
  EXPECT_EQ(counter("a", "2026-03").gauges.reported_bytes.peak, 10);
}

TEST_P(StoreContract, ACountReportWithoutACountCountsTheActiveRecords) {
  apply(stores("1", "active", "2026-03-01"));
  apply(stores("2", "active", "2026-03-01"));
  const UsageEvent recount = fact("a", "r", "2026-03-05", CountReport{Meter::stores_count, {}});
  apply(events({fact("a", "said", "2026-03-04", CountReport{Meter::stores_count, 9}), recount}));
  EXPECT_EQ(counter("a", "2026-03").gauges.stores.last, 2);
  EXPECT_EQ(counter("a", "2026-03").gauges.stores.peak, 9);
  // A retry is the same event, whatever is active by then, also after a reopening.
  apply(stores("3", "active", "2026-03-06"));
  EXPECT_EQ(apply(events({recount})).outcomes[0], EventOutcome::duplicate);
  reopen();
  EXPECT_EQ(apply(events({recount})).outcomes[0], EventOutcome::duplicate);
  EXPECT_EQ(counter("a", "2026-03").gauges.stores.last, 3);
}

TEST_P(StoreContract, DaysHoldWhatHappenedInThem) {
  apply(events({call("a", "1", "2026-03-05"), call("a", "2", "2026-03-07T23:59:59.999Z"),
                call("a", "3", "2026-03-08"), call("b", "4", "2026-03-06")}));
  const auto days = store().days(tenant("a"), day("2026-03-05"), day("2026-03-07")).value();
  ASSERT_EQ(days.size(), 2U);
  EXPECT_EQ(days[0].day, day("2026-03-05"));
  EXPECT_EQ(days[1].day, day("2026-03-07"));
  EXPECT_EQ(days[1].counter.calls.count, 1);
  EXPECT_TRUE(store().days(tenant("a"), day("2026-03-07"), day("2026-03-05")).value().empty());
}

TEST_P(StoreContract, GaugesBeforeADayAreThoseAtItsBeginning) {
  apply(stores("1", "active", "2026-02-10"));
  apply(stores("2", "active", "2026-03-10T12:00:00Z"));
  EXPECT_EQ(store().gauges_before(tenant("a"), day("2026-03-10")).value().stores.last, 1);
  EXPECT_EQ(store().gauges_before(tenant("a"), day("2026-03-11")).value().stores.last, 2);
  EXPECT_EQ(store().gauges_before(tenant("a"), day("2026-05-01")).value().stores.last, 2);
  EXPECT_FALSE(store().gauges_before(tenant("a"), day("2026-02-10")).value().stores.is_set());
}

TEST_P(StoreContract, EndpointsBeyondTheThousandthAreOther) {
  std::vector<UsageEvent> calls;
  for (int i = 0; i < 1005; ++i) {
    UsageEvent event = call("a", std::to_string(i), "2026-03-05");
    std::get<ApiCall>(event.fact).endpoint = "GET /e" + std::to_string(i);
    calls.push_back(std::move(event));
  }
  apply(events(std::move(calls)));
  EXPECT_EQ(store().endpoint_count(tenant("a"), period("2026-03")).value(), 1001);
  EXPECT_EQ(store().endpoint_count(tenant("a"), period("2026-04")).value(), 0);
  const auto other = find(Collection::response_metrics, R"({"tenant_id":"a","endpoint":"other"})");
  ASSERT_EQ(other.size(), 1U);
  EXPECT_EQ(other[0].integer_at("count"), 5);
  EXPECT_EQ(find(Collection::response_metrics).size(), 1001U);
}

TEST_P(StoreContract, MetricsAreByHourOfTheBillingZone) {
  use_zone("Asia/Kathmandu");  // +05:45
  apply(events({call("a", "1", "2026-03-05T10:14:59Z"), call("a", "2", "2026-03-05T10:15:00Z"),
                call("a", "3", "2026-03-05T11:14:00Z"), call("b", "4", "2026-03-05T10:15:00Z")}));
  const auto hours = find(Collection::response_metrics, R"({"tenant_id":"a"})", R"({"hour":-1})");
  ASSERT_EQ(hours.size(), 2U);
  EXPECT_EQ(hours[0].timestamp_at("hour"), at("2026-03-05T10:15:00Z"));
  EXPECT_EQ(hours[0].integer_at("count"), 2);
  EXPECT_EQ(
      find(Collection::response_metrics, R"({"hour":{"$date":"2026-03-05T10:15:00Z"}})").size(),
      2U);
}

TEST_P(StoreContract, ACounterDocumentSaysTheFiguresOfItsMonth) {
  apply(stores("1", "active", "2026-03-01"));
  apply(events(
      {call("a", "1", "2026-03-05"), fact("a", "s", "2026-03-05", StorageReport{16'320'875'724})}));
  const auto documents = find(Collection::usage_counters, R"({"tenant_id":"a"})");
  ASSERT_EQ(documents.size(), 1U);
  EXPECT_EQ(to_extended_text(documents[0]),
            R"({"_id":"2026-03|a","tenant_id":"a","period":"2026-03","api_calls":1,)"
            R"("webhook_calls":0,"webhook_failures":0,"storage_bytes":16320875724,)"
            R"("storage_gb":15.2,"stores_count":1,"devices_count":0,)"
            R"("peaks":{"stores_count":1,"devices_count":0,"storage_gb":15.2},)"
            R"("data_transfer_bytes":30,"updated_at":{"$date":"2026-03-05T00:00:00.000Z"}})");
  EXPECT_TRUE(find(Collection::usage_counters, R"({"period":"2026-04"})").empty());
  EXPECT_TRUE(find(Collection::usage_counters, R"({"period":"nonsense"})").empty());
}

TEST_P(StoreContract, WhatChangedIsToldOnce) {
  apply(events(
      {call("a", "1", "2026-03-05"), call("a", "2", "2026-03-06"), call("b", "1", "2026-02-05")}));
  apply(stores("1", "active", "2026-04-01"));
  auto touched = store().take_touched(2);
  EXPECT_EQ(touched.size(), 2U);
  for (const auto& more : store().take_touched(10)) touched.push_back(more);
  std::ranges::sort(touched);
  const std::vector<TenantPeriod> expected = {{tenant("a"), period("2026-03")},
                                              {tenant("a"), period("2026-04")},
                                              {tenant("b"), period("2026-02")}};
  EXPECT_EQ(touched, expected);
  EXPECT_TRUE(store().take_touched(10).empty());
}

TEST_P(StoreContract, AnotherSubscriptionOrPlanTouchesWhoeverHasIt) {
  apply(events({call("a", "1", "2026-03-05"), call("b", "1", "2026-03-05")}));
  store().take_touched(10);
  apply(write(Collection::subscriptions, {"a", "a"}, Json::object({{"tenant_id", "a"}})));
  EXPECT_EQ(store().take_touched(10),
            (std::vector<TenantPeriod>{{tenant("a"), period("2026-03")}}));
  apply(write(Collection::plans, {"", "basic:2"}, Json::object({{"plan", "basic"}})));
  EXPECT_EQ(store().take_touched(10).size(), 2U);
}

TEST_P(StoreContract, DayTotalsFoldLikeTheirEvents) {
  DayTotal total{tenant("a"), day("2025-03-05"), {}};
  total.counter.calls.count = 100;
  total.counter.webhooks.count = 7;
  total.counter.gauges.stores.set(4, at("2025-03-05T12:00:00Z"));
  total.counter.updated_at = at("2025-03-05T12:00:00Z");
  Batch batch = events({call("a", "1", "2025-03-05")});
  batch.day_totals = {total};
  apply(std::move(batch));
  EXPECT_EQ(counter("a", "2025-03").calls.count, 101);
  EXPECT_EQ(counter("a", "2025-03").gauges.stores.last, 4);
  const auto days = store().days(tenant("a"), day("2025-03-05"), day("2025-03-05")).value();
  EXPECT_EQ(days.at(0).counter.webhooks.count, 7);
  const auto recounted = store().recount(period("2025-03")).value();
  ASSERT_EQ(recounted.size(), 1U);
  EXPECT_EQ(recounted[0].second.calls, counter("a", "2025-03").calls);
  EXPECT_EQ(recounted[0].second.webhooks, counter("a", "2025-03").webhooks);
}

TEST_P(StoreContract, ADayTotalOfAClosedPeriodIsRefused) {
  apply(close("2025-03"));
  Batch batch;
  batch.day_totals = {{tenant("a"), day("2025-03-31"), {}}};
  const auto refused = store().apply(std::move(batch));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::period_closed);
}

TEST_P(StoreContract, ARecordThatChangesAfterTheCloseChangesNoClosedPeriod) {
  apply(stores("1", "active", "2026-03-05"));
  apply(close("2026-03"));
  apply(stores("2", "active", "2026-03-20"));
  EXPECT_EQ(counter("a", "2026-03").gauges.stores.last, 1);
  EXPECT_EQ(counter("a", "2026-04").gauges.stores.last, 2);
}

TEST_P(StoreContract, RetentionRemovesOldCountersAndKeepsWhatIsCarried) {
  apply(stores("1", "active", "2026-01-10"));
  apply(events(
      {call("a", "1", "2026-01-10"), call("a", "2", "2026-02-10"), call("a", "3", "2026-03-10")}));
  apply(close("2026-02"));
  const RetentionDone done = store().retire({period("2026-02"), std::nullopt}).value();
  EXPECT_EQ(done.counters_removed, 1);
  EXPECT_FALSE(done.more);
  EXPECT_EQ(store().counter(tenant("a"), period("2026-01")).value(), std::nullopt);
  EXPECT_TRUE(store().days(tenant("a"), day("2026-01-01"), day("2026-01-31")).value().empty());
  EXPECT_EQ(store().endpoint_count(tenant("a"), period("2026-01")).value(), 0);
  EXPECT_EQ(counter("a", "2026-02").gauges.stores.last, 1);
  EXPECT_EQ(counter("a", "2026-02").calls.count, 1);
  EXPECT_EQ(store().counters(tenant("a")).value().size(), 2U);
  ASSERT_TRUE(store().checkpoint());
  reopen();
  EXPECT_EQ(store().counter(tenant("a"), period("2026-01")).value(), std::nullopt);
  EXPECT_EQ(counter("a", "2026-03").gauges.stores.last, 1);
}

TEST_P(StoreContract, RetentionLeavesWhatCanStillChange) {
  apply(events({call("a", "1", "2026-01-10")}));
  EXPECT_EQ(store().retire({period("2026-03"), std::nullopt}).value().counters_removed, 0);
  EXPECT_EQ(counter("a", "2026-01").calls.count, 1);
}

TEST_P(StoreContract, RetentionRemovesOldMetrics) {
  apply(events({call("a", "1", "2026-01-10"), call("a", "2", "2026-03-10")}));
  EXPECT_EQ(store().has_all_events(period("2026-01")).value(), true);
  const RetentionDone done = store().retire({std::nullopt, at("2026-02-01")}).value();
  EXPECT_EQ(done.metrics_removed, 1);
  EXPECT_EQ(find(Collection::response_metrics).size(), 1U);
  EXPECT_EQ(counter("a", "2026-01").calls.count, 1);
  reopen();
  EXPECT_EQ(store().has_all_events(period("2026-01")).value(), false);
  EXPECT_EQ(store().has_all_events(period("2026-02")).value(), true);
}

TEST_P(StoreContract, FiguresSayWhereItIs) {
  apply(events({call("a", "1", "2026-03-05")}));
  ASSERT_TRUE(store().checkpoint());
  apply(events({call("a", "2", "2026-03-05")}));
  store().wait_durable(store().head());
  const StoreFigures figures = store().figures();
  EXPECT_EQ(figures.head, 2U);
  EXPECT_EQ(figures.durable, 2U);
  EXPECT_EQ(figures.checkpointed, 1U);
  EXPECT_EQ(figures.events_kept, 2);
  EXPECT_TRUE(figures.accepts_writes);
}

}  // namespace
}  // namespace metergate::contract
