#include "service/metering/enforcement.h"

#include <atomic>
#include <thread>

#include "service/metering/records.h"
#include "service/testing/core_world_test.h"
#include "service/testing/plan_text_test.h"

namespace metergate {
namespace {

using namespace core_world;

const std::string kHardPlans =
    catalogue_of({{.name = "tight",
                   .stores = "2",
                   .api_calls = "5",
                   .webhooks = "5",
                   .storage_gb = "\"0.097658\"",
                   .more = R"([plan.effects]
stores_count = "hard"
api_calls = "hard"
storage_gb = "hard")"},
                  {.name = "slow",
                   .stores = "2",
                   .api_calls = "2",
                   .webhooks = "5",
                   .more = "[plan.request_rate]\nper_second = 2\nburst = 3"}});

struct Gate : TestWorld {
  std::unique_ptr<Catalog> hard = Catalog::open(*store, clock, kHardPlans).value();
  std::unique_ptr<Directory> tenants = Directory::open(*store, *hard, clock).value();
  Ingest ingest{*store, *tenants, rules, clock};
  Enforcement enforcement{{*store, *tenants, *hard, ingest, rules, clock}};
  Records records{{*store, *tenants, enforcement, *deliveries, rules, clock}};

  Gate() {
    for (const char* plan : {"tight", "slow"})
      EXPECT_TRUE(tenants->add(NewTenant{tenant_id(plan), plan, plan, {}}, actor));
  }
  Enforcement::Admitted admit(std::string_view tenant) {
    return enforcement.admit_call(*tenants->find(tenant_id(tenant))).value();
  }
  Result<> record(std::string_view tenant, Enforcement::Place place) {
    UsageEvent event;
    event.tenant = tenant_id(tenant);
    event.source = "metergate";
    event.id = "e";
    event.occurred_at = clock.now();
    event.fact = ApiCall{.method = "GET", .endpoint = "GET /x", .status = 200};
    return enforcement.record(std::move(event), std::move(place));
  }
  TenantAccess access(std::string_view tenant) {
    return Caller::of_tenant("till", tenant_id(tenant))
        .access(tenant_id(tenant), Permission::tenants_update)
        .value();
  }
};

TEST(Enforcement, AHardLimitAdmitsSoManyCallsAndNoMore) {
  Gate gate;
  for (int i = 1; i <= 5; ++i) {
    auto admitted = gate.admit("tight");
    ASSERT_FALSE(admitted.refusal) << i;
    EXPECT_EQ(admitted.standing->used, i);
    ASSERT_TRUE(gate.record("tight", std::move(admitted.place)));
  }
  const auto refused = gate.admit("tight");
  ASSERT_TRUE(refused.refusal);
  EXPECT_EQ(refused.refusal->code, ErrorCode::limit_exceeded);
  // From 2026-03-05T10:30 to the end of March.
  EXPECT_EQ(refused.refusal->retry_after,
            std::chrono::hours{26 * 24 + 13} + std::chrono::minutes{30});
  EXPECT_EQ(gate.counter("tight").calls.count, 5);
}

TEST(Enforcement, CallsUnderWayCountUntilTheyAreGivenUp) {
  Gate gate;
  std::vector<Enforcement::Admitted> under_way;
  for (int i = 0; i < 5; ++i) under_way.push_back(gate.admit("tight"));
  EXPECT_TRUE(gate.admit("tight").refusal);
  under_way.pop_back();  // never recorded
  EXPECT_FALSE(gate.admit("tight").refusal);
}

TEST(Enforcement, ManyThreadsDoNotPassAHardLimit) {
  Gate gate;
  std::atomic<int> admitted = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 50; ++i) {
          auto call = gate.admit("tight");
          if (call.refusal) continue;
          ++admitted;
          EXPECT_TRUE(gate.record("tight", std::move(call.place)));
        }
      });
    }
  }
  EXPECT_EQ(admitted, 5);
  EXPECT_EQ(gate.counter("tight").calls.count, 5);
}

TEST(Enforcement, ANewPeriodBeginsAtZero) {
  Gate gate;
  for (int i = 0; i < 5; ++i)
    ASSERT_TRUE(gate.record("tight", std::move(gate.admit("tight").place)));
  gate.clock.set(at("2026-04-01T00:00:00Z"));
  EXPECT_FALSE(gate.admit("tight").refusal);
}

TEST(Enforcement, ASoftLimitIsShownAndRefusesNothing) {
  Gate gate;
  gate.clock.advance(std::chrono::seconds{10});
  for (int i = 1; i <= 3; ++i) {
    const auto admitted = gate.admit("slow");
    EXPECT_FALSE(admitted.refusal);
    EXPECT_EQ(admitted.standing->limit, 2);
    EXPECT_EQ(admitted.standing->used, i);
    ASSERT_TRUE(gate.record("slow", {}));
  }
}

TEST(Enforcement, ARequestRateRefusesForAMoment) {
  Gate gate;
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(gate.admit("slow").refusal);
  const auto refused = gate.admit("slow");
  ASSERT_TRUE(refused.refusal);
  EXPECT_EQ(refused.refusal->code, ErrorCode::rate_limit);
  EXPECT_EQ(refused.refusal->retry_after, std::chrono::seconds{1});
  gate.clock.advance(std::chrono::seconds{1});
  EXPECT_FALSE(gate.admit("slow").refusal);
}

TEST(Enforcement, ObservingRefusesNothing) {
  Gate gate;
  gate.rules.limits_enforced = false;
  for (int i = 0; i < 8; ++i) {
    auto admitted = gate.admit("tight");
    EXPECT_FALSE(admitted.refusal);
    ASSERT_TRUE(gate.record("tight", std::move(admitted.place)));
  }
  EXPECT_EQ(gate.counter("tight").calls.count, 8);
}

TEST(Enforcement, WithoutTrackingNothingIsHeldAgainstAnything) {
  Gate gate;
  gate.rules.tracking_enabled = false;
  const auto admitted = gate.admit("tight");
  EXPECT_FALSE(admitted.standing);
  EXPECT_FALSE(admitted.refusal);
}

TEST(Enforcement, ATenantsOwnLimitKeepsThePlansEffect) {
  Gate gate;
  TenantPatch patch;
  patch.own_limits.emplace();
  (*patch.own_limits)[Meter::api_calls] = Limit{1, LimitEffect::soft};
  patch.reason = "agreed";
  ASSERT_TRUE(gate.tenants->change(tenant_id("tight"), patch, gate.actor));
  ASSERT_TRUE(gate.record("tight", std::move(gate.admit("tight").place)));
  EXPECT_TRUE(gate.admit("tight").refusal);
}

TEST(Enforcement, HardLimitsOfRecordsHoldForCreatingAndForMakingActive) {
  Gate gate;
  const TenantAccess own = gate.access("tight");
  ASSERT_TRUE(gate.records.add_store(own, NewStore{"s1", "One"}, {}));
  ASSERT_TRUE(gate.records.add_store(own, NewStore{"s2", "Two"}, {}));
  const auto third = gate.records.add_store(own, NewStore{"s3", "Three"}, {});
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, ErrorCode::limit_exceeded);
  ASSERT_TRUE(gate.records.change(own, {RecordKind::store, "s2"}, {{}, "suspended"}, {}));
  ASSERT_TRUE(gate.records.add_store(own, NewStore{"s3", "Three"}, {}));
  const auto back = gate.records.change(own, {RecordKind::store, "s2"}, {{}, "active"}, {});
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().code, ErrorCode::limit_exceeded);
  EXPECT_TRUE(gate.records.change(own, {RecordKind::store, "s2"}, {"Second", {}}, {}));
  // A soft limit on devices refuses nothing.
  for (const char* id : {"d1", "d2"})
    EXPECT_TRUE(gate.records.add_device(own, NewDevice{id, "s1", id, "POS"}, {}));
}

TEST(Enforcement, AHardLimitOfStorageHoldsForWhatFillsIt) {
  Gate gate;
  const TenantAccess own = gate.access("tight");
  // 100 MB are there from the start; the limit leaves room for less than two sales.
  ASSERT_TRUE(gate.records.add_sale(own, NewTrade{.amount = 100}, {}));
  const auto second = gate.records.add_sale(own, NewTrade{.amount = 100}, {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::limit_exceeded);
}

// A stated count of stores does not make room for more.
TEST(Enforcement, AStatedCountBelowWhatIsRecordedLeavesTheLimitWhereItIs) {
  Gate gate;
  const auto add = [&](const char* id) {
    return gate.records.add_store(gate.access("tight"), NewStore{id, "Store"}, gate.actor);
  };
  const auto state = [&](const char* id, std::int64_t count) {
    gate.clock.advance(Milliseconds{1});
    UsageEvent stated;
    stated.tenant = tenant_id("tight");
    stated.source = "app";
    stated.id = id;
    stated.occurred_at = gate.clock.now();
    stated.fact = CountReport{Meter::stores_count, count};
    ASSERT_TRUE(gate.ingest.record({stated}));
    gate.clock.advance(Milliseconds{1});
  };
  ASSERT_TRUE(add("s1"));
  state("1", 0);
  ASSERT_TRUE(add("s2"));
  state("2", 0);
  expect_error(add("s3"), ErrorCode::limit_exceeded);
  // A stated count above the recorded one counts.
  ASSERT_TRUE(gate.records.remove(gate.access("tight"), {RecordKind::store, "s2"}, gate.actor));
  state("3", 2);
  expect_error(add("s4"), ErrorCode::limit_exceeded);
}

}  // namespace
}  // namespace metergate
