#include "service/metering/ingest.h"

#include "service/metering/records.h"
#include "service/testing/core_world_test.h"

namespace metergate {
namespace {

using namespace core_world;

struct IngestTown : TestWorld {
  Ingest ingest{*store, *directory, rules, clock};

  UsageEvent call(const std::string& id, std::string_view tenant = "tenant_1") const {
    UsageEvent event;
    event.tenant = tenant_id(tenant);
    event.source = "pos";
    event.id = id;
    event.occurred_at = clock.now();
    ApiCall fact;
    fact.method = "GET";
    fact.endpoint = "GET /x";
    fact.status = 200;
    event.fact = fact;
    return event;
  }
  std::int64_t calls(std::string_view tenant = "tenant_1") const {
    return counter(tenant).calls.count;
  }
};

TEST(Ingest, EventIsCountedOnceHoweverOftenItComes) {
  IngestTown town;
  ASSERT_TRUE(town.ingest.record({town.call("1"), town.call("2")}));
  const auto again = town.ingest.record({town.call("2"), town.call("3")});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->outcomes[0], EventOutcome::duplicate);
  EXPECT_EQ(again->outcomes[1], EventOutcome::accepted);
  EXPECT_EQ(town.calls(), 3);
}

TEST(Ingest, OneBadEventStopsTheWholeBatch) {
  IngestTown town;
  UsageEvent bad = town.call("2");
  std::get<ApiCall>(bad.fact).status = 99;
  const auto refused = town.ingest.record({town.call("1"), bad});
  expect_error(refused, ErrorCode::invalid, "data.status");
  EXPECT_EQ(refused.error().faults[0].index, 1u);
  EXPECT_EQ(town.calls(), 0);
}

TEST(Ingest, SameIdWithOtherContentIsAConflict) {
  IngestTown town;
  ASSERT_TRUE(town.ingest.record({town.call("1")}));
  UsageEvent other = town.call("1");
  std::get<ApiCall>(other.fact).status = 404;
  const auto refused = town.ingest.record({town.call("2"), other});
  expect_error(refused, ErrorCode::conflict, "id");
  EXPECT_EQ(refused.error().faults[0].index, 1u);
  EXPECT_EQ(town.calls(), 1);
}

TEST(Ingest, UnknownTenantIsItsOwnErrorUnlessMoreIsWrong) {
  IngestTown town;
  expect_error(town.ingest.record({town.call("1", "nobody")}), ErrorCode::tenant_not_found,
               "subject");
  UsageEvent bad = town.call("");
  const auto mixed = town.ingest.record({town.call("1", "nobody"), bad});
  ASSERT_FALSE(mixed);
  EXPECT_EQ(mixed.error().code, ErrorCode::invalid);
  EXPECT_EQ(mixed.error().faults.size(), 2u);
}

TEST(Ingest, PeriodIsOpenThroughItsGraceAndClosedAfterIt) {
  IngestTown town;
  UsageEvent late = town.call("1");
  late.occurred_at = at("2026-02-28T23:59:59.999Z");
  town.clock.set(at("2026-03-03T23:59:59.999Z"));
  EXPECT_TRUE(town.ingest.record({late}));
  town.clock.set(at("2026-03-04T00:00:00Z"));
  late.id = "2";
  expect_error(town.ingest.record({late}), ErrorCode::period_closed, "time");
}

TEST(Ingest, PeriodThatTheStoreClosedIsClosedWithinItsGrace) {
  IngestTown town;
  town.clock.set(at("2026-03-02T00:00:00Z"));
  Batch batch;
  batch.close_through = Period::parse("2026-02").value();
  ASSERT_TRUE(town.store->apply(std::move(batch)));
  UsageEvent late = town.call("1");
  late.occurred_at = at("2026-02-10T00:00:00Z");
  expect_error(town.ingest.record({late}), ErrorCode::period_closed, "time");
}

TEST(Ingest, FiveMinutesAheadIsTheBound) {
  IngestTown town;
  UsageEvent early = town.call("1");
  early.occurred_at = town.clock.now() + std::chrono::minutes{5};
  EXPECT_TRUE(town.ingest.record({early}));
  early.id = "2";
  early.occurred_at += Milliseconds{1};
  expect_error(town.ingest.record({early}), ErrorCode::invalid, "time");
}

TEST(Ingest, AtMostTwentyFaultsAreTold) {
  IngestTown town;
  std::vector<UsageEvent> events(30, town.call(""));
  const auto refused = town.ingest.record(events);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().faults.size(), 20u);
}

TEST(Ingest, CountThatIsAskedForIsThatOfTheActiveRecords) {
  IngestTown town;
  Enforcement enforcement(
      {*town.store, *town.directory, *town.catalog, town.ingest, town.rules, town.clock});
  Records records(
      {*town.store, *town.directory, enforcement, *town.deliveries, town.rules, town.clock});
  const TenantAccess own = Caller::of_tenant("till", tenant_id("tenant_1"))
                               .access(tenant_id("tenant_1"), Permission::tenants_update)
                               .value();
  for (const char* id : {"s1", "s2", "s3"}) {
    ASSERT_TRUE(records.add_store(own, NewStore{id, "Store"}, {}));
  }
  ASSERT_TRUE(records.change(own, {RecordKind::store, "s3"}, {{}, "suspended"}, {}));
  town.clock.advance(Milliseconds{1});
  UsageEvent stated = town.call("1");
  stated.fact = CountReport{Meter::stores_count, 9};
  ASSERT_TRUE(town.ingest.record({stated}));
  EXPECT_EQ(town.counter("tenant_1").gauges.stores.last, 9);
  town.clock.advance(Milliseconds{1});
  UsageEvent asked = town.call("2");
  asked.fact = CountReport{Meter::stores_count, std::nullopt};
  const auto commit = town.ingest.record({asked});
  ASSERT_TRUE(commit);
  EXPECT_EQ(commit->outcomes.size(), 1u);
  EXPECT_EQ(town.counter("tenant_1").gauges.stores.last, 2);
  // A retry is the same event, whatever the count is now.
  ASSERT_TRUE(records.add_store(own, NewStore{"s4", "Store"}, {}));
  const auto again = town.ingest.record({asked});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->outcomes, std::vector{EventOutcome::duplicate});
}

TEST(Ingest, DisabledTrackingRefusesWhatIsSentAndDropsItsOwn) {
  IngestTown town;
  town.rules.tracking_enabled = false;
  const auto refused = town.ingest.record({town.call("1")});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::disabled);
  EXPECT_EQ(refused.error().required, "USAGE_TRACKING_ENABLED=true");
  EXPECT_TRUE(town.ingest.record_own(town.call("2")));
  EXPECT_EQ(town.calls(), 0);
}

TEST(Ingest, OwnRequestIsCountedWithoutALookUp) {
  IngestTown town;
  ASSERT_TRUE(town.ingest.record_own(town.call("same")));
  ASSERT_TRUE(town.ingest.record_own(town.call("same")));
  EXPECT_EQ(town.calls(), 2);
}

TEST(Ingest, OwnRequestThatIsNotBillableIsKeptApart) {
  IngestTown town;
  UsageEvent event = town.call("1");
  event.billable = false;
  ASSERT_TRUE(town.ingest.record_own(event));
  EXPECT_EQ(town.calls(), 0);
  EXPECT_EQ(town.counter("tenant_1").calls.unbilled, 1);
}

TEST(Ingest, StoreThatRefusesIsPassedOn) {
  IngestTown town;
  town.store->faults().refuse_writes = true;
  EXPECT_EQ(town.ingest.record({town.call("1")}).error().code, ErrorCode::storage);
  EXPECT_EQ(town.ingest.record_own(town.call("1")).error().code, ErrorCode::storage);
}

}  // namespace
}  // namespace metergate
