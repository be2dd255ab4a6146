// The contract for voided events.
#include <fmt/format.h>

#include <set>

#include "storage/testing/store_contract.h"

namespace metergate::contract {
namespace {

class VoidContract : public StoreContract {
 protected:
  std::optional<KeptEvent> kept(std::string_view tenant_id, std::string_view id) {
    const EventName name{tenant(tenant_id), "test", std::string(id)};
    return store().find_event(name, {Timestamp{}, kTimestampMax}).value();
  }
  Result<Commit> try_void(std::string_view tenant_id, std::string_view id) {
    Batch batch;
    batch.at = at("2026-03-20");
    batch.voided = kept(tenant_id, id);
    EXPECT_TRUE(batch.voided) << id;
    return store().apply(std::move(batch));
  }
  void void_event(std::string_view tenant_id, std::string_view id) {
    const auto commit = try_void(tenant_id, id);
    ASSERT_TRUE(commit) << commit.error().message;
    EXPECT_TRUE(commit->applied);
  }
  ErrorCode refusal(std::string_view tenant_id, std::string_view id) {
    const auto commit = try_void(tenant_id, id);
    EXPECT_FALSE(commit);
    return commit ? ErrorCode::internal : commit.error().code;
  }
  void define(Folding folding) {
    MeterRecord record;
    record.meter = {"m", "prompt", folding, "$.n", {{"g", "$.g"}}};
    apply(write(Collection::meters, {"", "m"}, to_document(record)));
  }
  std::string total(Folding folding) {
    const auto cell = store().meter_total(tenant("a"), "m", period("2026-03")).value();
    const auto value = cell.value_or(MeterCell{}).value(folding);
    return value ? to_text(value->shown()) : "nothing";
  }
};

UsageEvent prompt(std::string_view id, std::string_view when, std::string_view data) {
  return fact("a", id, when, OtherFact{"prompt", std::string(data)});
}

TEST_P(VoidContract, CallsAreReadOneByOneWithoutThoseThatDoNotCount) {
  UsageEvent unbilled = call("a", "4", "2026-03-05");
  unbilled.billable = false;
  apply(events({call("a", "1", "2026-03-05"), call("a", "2", "2026-03-06"),
                call("a", "3", "2026-04-01"), call("b", "1", "2026-03-06"), unbilled,
                fact("a", "5", "2026-03-07", WebhookCall{"w", true, 200, 1, Microseconds{1}})}));
  const auto times = [&](Meter meter, std::string_view from, std::string_view to) {
    std::string text;
    std::set<std::string> found;
    EXPECT_TRUE(
        store().counted_calls({tenant("a"), meter, {at(from), at(to)}}, [&](Timestamp when) {
          found.insert(to_text(when).substr(5, 5));
          return true;
        }));
    for (const std::string& one : found) text += one + " ";
    return text;
  };
  EXPECT_EQ(times(Meter::api_calls, "2026-03-01", "2026-05-01"), "03-05 03-06 04-01 ");
  EXPECT_EQ(times(Meter::webhook_calls, "2026-03-01", "2026-05-01"), "03-07 ");
  void_event("a", "1");
  void_event("a", "3");
  EXPECT_EQ(times(Meter::api_calls, "2026-03-01", "2026-05-01"), "03-06 ");
  EXPECT_EQ(times(Meter::api_calls, "2026-03-05", "2026-03-06"), "");
  EXPECT_EQ(times(Meter::api_calls, "2026-03-06", "2026-03-06"), "");
}

TEST_P(VoidContract, AnEventIsFoundByItsNameWithinAWindow) {
  apply(events({call("a", "1", "2026-03-05"), call("b", "1", "2026-03-06")}));
  ASSERT_TRUE(kept("a", "1"));
  EXPECT_EQ(kept("a", "1")->event.occurred_at, at("2026-03-05"));
  EXPECT_EQ(kept("a", "1")->event.tenant, tenant("a"));
  EXPECT_FALSE(kept("a", "2"));
  const EventName name{tenant("a"), "test", "1"};
  const auto found = [&](std::string_view from, std::string_view to) {
    return store().find_event(name, {at(from), at(to)}).value().has_value();
  };
  EXPECT_TRUE(found("2026-03-05", "2026-03-06"));
  EXPECT_FALSE(found("2026-03-04", "2026-03-05"));
  EXPECT_FALSE(found("2026-03-06", "2026-03-07"));
  reopen();
  EXPECT_TRUE(kept("a", "1"));
}

TEST_P(VoidContract, AnEventIsFoundAfterItsPeriodWasClosed) {
  apply(events({call("a", "1", "2026-02-05"), call("a", "2", "2026-03-05")}));
  ASSERT_TRUE(store().checkpoint());
  Batch close;
  close.close_through = period("2026-02");
  apply(close);
  ASSERT_TRUE(kept("a", "1"));
  const EventName name{tenant("a"), "test", "1"};
  EXPECT_TRUE(store().find_event(name, {at("2026-02-05"), at("2026-02-06")}).value());
  EXPECT_FALSE(store().find_event(name, {at("2026-03-01"), at("2026-04-01")}).value());
  EXPECT_FALSE(kept("a", "3"));
  reopen();
  EXPECT_TRUE(kept("a", "1"));
}

TEST_P(VoidContract, WhetherAnEventWasVoidedIsKnownAlsoWhenItsPeriodIsClosed) {
  apply(events({call("a", "1", "2026-02-05"), call("a", "2", "2026-02-05")}));
  EXPECT_FALSE(store().is_voided(*kept("a", "1")).value());
  void_event("a", "1");
  EXPECT_TRUE(store().is_voided(*kept("a", "1")).value());
  Batch close;
  close.close_through = period("2026-02");
  apply(close);
  reopen();
  EXPECT_TRUE(store().is_voided(*kept("a", "1")).value());
  EXPECT_FALSE(store().is_voided(*kept("a", "2")).value());
}

TEST_P(VoidContract, AnEventIsReadAsTheMetersReadItThatCountedItThen) {
  apply(events({prompt("1", "2026-03-05", R"({"n":3})")}));
  define(Folding::sum);
  apply(events({prompt("2", "2026-03-05", R"({"n":4.5})")}));
  const auto read = [&](const KeptEvent& event) {
    return store().own_readings(event.event, event.sequence).value();
  };
  EXPECT_TRUE(read(*kept("a", "1")).empty()) << "from before the meter";
  const auto readings = read(*kept("a", "2"));
  ASSERT_EQ(readings.size(), 1U);
  EXPECT_EQ(readings[0].meter.slug, "m");
  EXPECT_TRUE(readings[0].reading.is_usable);
  EXPECT_EQ(readings[0].reading.value, *Quantity::parse("4.5"));
  KeptEvent other = *kept("a", "2");
  other.event.fact = OtherFact{"prompt", R"({"n":"none"})"};
  EXPECT_FALSE(read(other)[0].reading.is_usable);
  other.event.fact = OtherFact{"other", R"({"n":3})"};
  EXPECT_TRUE(read(other).empty());
}

TEST_P(VoidContract, CallsAndAttemptsAreSubtractedEverywhere) {
  UsageEvent slow = call("a", "2", "2026-03-05T10:00:00Z");
  std::get<ApiCall>(slow.fact).duration = Microseconds{9'000'000};
  std::get<ApiCall>(slow.fact).status = 500;
  const auto sent =
      std::vector{call("a", "1", "2026-03-05T10:00:00Z"),
                  fact("a", "3", "2026-03-06", WebhookCall{"w", true, 200, 1, Microseconds{5}})};
  apply(events(sent));
  const Counter before = counter("a", "2026-03");
  const std::string hours = to_text(find(Collection::response_metrics).front());
  apply(
      events({slow, fact("a", "4", "2026-03-06", WebhookCall{"w", false, 0, 2, Microseconds{7}})}));
  void_event("a", "2");
  void_event("a", "4");
  const Counter after = counter("a", "2026-03");
  EXPECT_EQ(after.calls, before.calls);
  EXPECT_EQ(after.webhooks, before.webhooks);
  EXPECT_EQ(to_text(find(Collection::response_metrics).front()), hours);
  EXPECT_EQ(
      store().days(tenant("a"), day("2026-03-05"), day("2026-03-05")).value()[0].counter.calls,
      before.calls);
  EXPECT_EQ(after.updated_at, at("2026-03-20"));
}

TEST_P(VoidContract, OfACallThatWasNotBillableOnlyThatIsSubtracted) {
  UsageEvent own = call("a", "2", "2026-03-05");
  own.billable = false;
  apply(events({call("a", "1", "2026-03-05"), own}));
  void_event("a", "2");
  EXPECT_EQ(counter("a", "2026-03").calls.unbilled, 0);
  EXPECT_EQ(counter("a", "2026-03").calls.count, 1);
}

TEST_P(VoidContract, ReportedStorageFallsBackToWhatIsLeft) {
  apply(events({fact("a", "1", "2026-03-05T10:00:00Z", StorageReport{100}),
                fact("a", "2", "2026-03-05T11:00:00Z", StorageReport{900}),
                fact("a", "3", "2026-03-06T10:00:00Z", StorageReport{500})}));
  void_event("a", "3");
  EXPECT_EQ(counter("a", "2026-03").gauges.reported_bytes.last, 900);
  void_event("a", "2");
  const Gauge left = counter("a", "2026-03").gauges.reported_bytes;
  EXPECT_EQ(left.last, 100);
  EXPECT_EQ(left.peak, 100);
  void_event("a", "1");
  EXPECT_FALSE(counter("a", "2026-03").gauges.reported_bytes.is_set());
}

TEST_P(VoidContract, ReportedStorageFallsBackToTheMonthBefore) {
  apply(events({fact("a", "1", "2026-02-05", StorageReport{100})}));
  Batch close;
  close.close_through = period("2026-02");
  apply(close);
  apply(events({fact("a", "2", "2026-03-05", StorageReport{900})}));
  void_event("a", "2");
  EXPECT_EQ(counter("a", "2026-03").gauges.reported_bytes.last, 100);
  EXPECT_EQ(counter("a", "2026-03").gauges.reported_bytes.peak, 100);
}

TEST_P(VoidContract, EveryAggregationIsAsIfTheEventHadNeverBeen) {
  for (const FoldingRow& row : kFoldings) {
    use_zone("UTC");
    define(row.aggregation);
    const std::vector<UsageEvent> stays = {prompt("1", "2026-03-05T10:00:01Z", R"({"n":3,"g":1})"),
                                           prompt("2", "2026-03-05T10:00:02Z", R"({"n":4,"g":2})"),
                                           prompt("3", "2026-03-05T10:07:00Z", R"({"n":5,"g":1})"),
                                           prompt("4", "2026-03-09T10:00:00Z", R"({"n":2})")};
    apply(events(stays));
    const std::string before = total(row.aggregation);
    const auto cell = store().meter_total(tenant("a"), "m", period("2026-03")).value();
    apply(events({prompt("5", "2026-03-05T10:00:03Z", R"({"n":99,"g":1})"),
                  prompt("6", "2026-03-20T10:00:03Z", R"({"n":0.5,"g":3})"),
                  prompt("7", "2026-03-05T10:00:03Z", R"({"n":"none","g":1})")}));
    for (const char* id : {"5", "6", "7"}) void_event("a", id);
    EXPECT_EQ(total(row.aggregation), before) << row.name;
    EXPECT_EQ(store().meter_total(tenant("a"), "m", period("2026-03")).value(), cell) << row.name;
    reopen();
    EXPECT_EQ(total(row.aggregation), before) << row.name;
  }
}

TEST_P(VoidContract, AnEventFromBeforeTheMeterIsNotSubtractedFromIt) {
  apply(events({prompt("1", "2026-03-05", R"({"n":3})")}));
  define(Folding::sum);
  apply(events({prompt("2", "2026-03-05", R"({"n":4})")}));
  void_event("a", "1");
  EXPECT_EQ(total(Folding::sum), "4");
}

TEST_P(VoidContract, AnEventBehindTheMostGroupsIsSubtractedFromTheRest) {
  define(Folding::count);
  std::vector<UsageEvent> many;
  for (std::size_t i = 0; i < kGroupsMax + 2; ++i)
    many.push_back(prompt(std::to_string(i), "2026-03-05", fmt::format("{{\"g\":{}}}", i)));
  apply(events(many));
  void_event("a", std::to_string(kGroupsMax + 1));
  std::int64_t others = 0;
  const MeterRange range{tenant("a"), "m", CellSpan::day, {at("2026-03-01"), at("2026-04-01")}};
  ASSERT_TRUE(store().meter_cells(range, [&](const MeterCellRow& row) {
    if (row.is_other) others = row.cell.count;
    return true;
  }));
  EXPECT_EQ(others, 1);
}

TEST_P(VoidContract, AnEventIsVoidedOnceAndItsIdStaysTaken) {
  const UsageEvent one = call("a", "1", "2026-03-05");
  apply(events({one}));
  void_event("a", "1");
  EXPECT_EQ(refusal("a", "1"), ErrorCode::conflict);
  reopen();
  EXPECT_EQ(refusal("a", "1"), ErrorCode::conflict);
  EXPECT_EQ(apply(events({one})).outcomes[0], EventOutcome::duplicate);
  UsageEvent other = one;
  std::get<ApiCall>(other.fact).status = 404;
  EXPECT_EQ(apply(events({other})).outcomes[0], EventOutcome::conflict);
  EXPECT_EQ(counter("a", "2026-03").calls.count, 0);
}

TEST_P(VoidContract, TheEventsOfTheSameBatchAreCountedAfterIt) {
  define(Folding::greatest);
  apply(events({prompt("1", "2026-03-05T10:00:01Z", R"({"n":9})"),
                prompt("2", "2026-03-05T10:00:02Z", R"({"n":3})")}));
  Batch batch = events({prompt("3", "2026-03-05T10:00:01Z", R"({"n":7})")});
  batch.voided = kept("a", "1");
  apply(batch);
  EXPECT_EQ(total(Folding::greatest), "7");
}

TEST_P(VoidContract, AClosedPeriodsEventIsRefused) {
  apply(events({call("a", "1", "2026-02-05"), call("a", "2", "2026-03-05")}));
  Batch batch;
  batch.voided = kept("a", "1");
  ASSERT_TRUE(batch.voided);
  Batch close;
  close.close_through = period("2026-02");
  apply(close);
  const auto commit = store().apply(batch);
  ASSERT_FALSE(commit);
  EXPECT_EQ(commit.error().code, ErrorCode::period_closed);
  EXPECT_EQ(counter("a", "2026-02").calls.count, 1);
}

TEST_P(VoidContract, ACountIsStatedAgainNotVoided) {
  apply(events({fact("a", "1", "2026-03-05", CountReport{Meter::stores_count, 5})}));
  EXPECT_EQ(refusal("a", "1"), ErrorCode::invalid);
}

TEST_P(VoidContract, WhatIsVoidedIsNotRecounted) {
  define(Folding::sum);
  apply(events({call("a", "1", "2026-03-05"), call("a", "2", "2026-03-05"),
                prompt("3", "2026-03-05", R"({"n":3})"), prompt("4", "2026-03-05", R"({"n":4})")}));
  void_event("a", "1");
  void_event("a", "3");
  EXPECT_EQ(store().recount(period("2026-03")).value()[0].second.calls.count, 1);
  EXPECT_EQ(store().recount_meters(period("2026-03")).value()[0].cell.sum, Quantity::of(4));
}

TEST_P(VoidContract, WhoseEventIsVoidedIsTouched) {
  apply(events({call("a", "1", "2026-03-05")}));
  store().take_touched(10);
  void_event("a", "1");
  const auto touched = store().take_touched(10);
  ASSERT_EQ(touched.size(), 1U);
  EXPECT_EQ(touched[0].tenant, tenant("a"));
}

INSTANTIATE_TEST_SUITE_P(Engines, VoidContract, testing::ValuesIn(all_engines()),
                         [](const auto& given) { return given.param.name; });

}  // namespace
}  // namespace metergate::contract
