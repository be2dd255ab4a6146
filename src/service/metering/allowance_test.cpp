#include <gtest/gtest.h>

#include "base/id.h"
#include "service/metering/enforcement.h"
#include "service/meters/meters.h"
#include "service/testing/core_world_test.h"
#include "service/testing/plan_text_test.h"

namespace metergate {
namespace {

const std::string kPlans = catalogue_of({{.name = "mixed",
                                          .stores = "2",
                                          .devices = "\"unlimited\"",
                                          .api_calls = "3",
                                          .storage_gb = "\"0.5\"",
                                          .more = R"([plan.effects]
stores_count = "hard"
api_calls = "hard"
[plan.meters.tokens]
limit = "10.5"
rate = "0.000002")"}});

class Allowances : public testing::Test {
 protected:
  core_world::TestWorld world_;
  std::unique_ptr<Catalog> catalog_ = Catalog::open(*world_.store, world_.clock, kPlans).value();
  std::unique_ptr<Directory> directory_ =
      Directory::open(*world_.store, *catalog_, world_.clock).value();
  Ingest ingest_{*world_.store, *directory_, world_.rules, world_.clock};
  Enforcement enforcement_{
      {*world_.store, *directory_, *catalog_, ingest_, world_.rules, world_.clock}};
  Meters meters_{*world_.store, *catalog_, world_.clock};
  const TenantId tenant_ = core_world::tenant_id("acme");

  void SetUp() override {
    ASSERT_TRUE(directory_->add(NewTenant{tenant_, "Acme", "mixed", {}}, world_.actor));
  }
  Allowance of(std::string_view meter) {
    Result<Allowance> found = enforcement_.allowance(tenant_, meter);
    EXPECT_TRUE(found) << meter;
    return std::move(found).value_or(Allowance{});
  }
  void record(Fact fact) {
    UsageEvent event;
    event.tenant = tenant_;
    event.source = "till";
    event.id = make_ulid(world_.clock.now());
    event.occurred_at = world_.clock.now();
    event.fact = std::move(fact);
    const auto recorded = ingest_.record({std::move(event)});
    ASSERT_TRUE(recorded) << recorded.error().message;
  }
  void record_calls(int count) {
    for (int i = 0; i < count; ++i)
      record(ApiCall{.method = "GET", .endpoint = "GET /x", .status = 200});
  }
  static std::string text(const std::optional<Decimal>& value) {
    return value ? to_text(*value) : "none";
  }
  static std::string summary(const Allowance& of) {
    return to_text(of.used) + " of " + text(of.limit) + ", left " + text(of.remaining) +
           (of.is_allowed ? "" : ", refused");
  }
};

TEST_F(Allowances, AHardLimitAllowsUntilItIsReached) {
  record_calls(2);
  EXPECT_EQ(summary(of("api_calls")), "2 of 3, left 1");
  EXPECT_EQ(of("api_calls").effect, LimitEffect::hard);
  record_calls(1);
  EXPECT_EQ(summary(of("api_calls")), "3 of 3, left 0, refused");
  record_calls(1);  // reported usage has happened already
  EXPECT_EQ(summary(of("api_calls")), "4 of 3, left 0, refused");
}

TEST_F(Allowances, ASoftLimitAllowsBeyondIt) {
  for (int i = 0; i < 2; ++i)
    record(WebhookCall{.webhook_id = "w", .success = true, .duration = Microseconds{1}});
  EXPECT_EQ(summary(of("webhook_calls")), "2 of 1, left 0");
  EXPECT_EQ(of("webhook_calls").effect, LimitEffect::soft);
}

TEST_F(Allowances, WithoutALimitThereIsNothingToReach) {
  EXPECT_EQ(summary(of("devices_count")), "0 of none, left none");
  EXPECT_FALSE(of("devices_count").effect);
}

TEST_F(Allowances, StorageIsInGigabytes) {
  record(StorageReport{.bytes = 1LL << 28});
  EXPECT_EQ(text(of("storage_gb").limit), "0.5");
  EXPECT_EQ(summary(of("storage_gb")),
            to_text(of("storage_gb").used) + " of 0.5, left " + text(of("storage_gb").remaining));
  EXPECT_TRUE(compare(of("storage_gb").used, Decimal{}) > 0);
}

TEST_F(Allowances, ACountBeginsAnewAndAGaugeDoesNot) {
  const Timestamp april = at("2026-04-01T00:00:00Z");
  EXPECT_EQ(of("api_calls").resets_at, april);
  EXPECT_EQ(of("webhook_calls").resets_at, april);
  EXPECT_EQ(of("tokens").resets_at, april);
  for (const char* gauge : {"stores_count", "devices_count", "storage_gb"})
    EXPECT_FALSE(of(gauge).resets_at) << gauge;
  record_calls(3);
  world_.clock.set(april);
  EXPECT_EQ(summary(of("api_calls")), "0 of 3, left 3");
  EXPECT_EQ(of("api_calls").period.text(), "2026-04");
}

TEST_F(Allowances, WhereLimitsAreOnlyObservedNothingIsRefused) {
  record_calls(3);
  world_.rules.limits_enforced = false;
  EXPECT_EQ(summary(of("api_calls")), "3 of 3, left 0");
  world_.rules.limits_enforced = true;
  world_.rules.tracking_enabled = false;
  EXPECT_TRUE(of("api_calls").is_allowed);
}

TEST_F(Allowances, AMeterOfTheProvidersOwnIsHeldAgainstItsTerm) {
  EXPECT_EQ(summary(of("tokens")), "0 of 10.5, left 10.5") << "named by the plan, not defined yet";
  const NewMeter wanted{{"tokens", "prompt", Folding::sum, "$.n", {}}, "", ""};
  ASSERT_TRUE(meters_.add(wanted, world_.actor));
  record(OtherFact{.type = "prompt", .data = R"({"n": 12.5})"});
  EXPECT_EQ(summary(of("tokens")), "12.5 of 10.5, left 0");
  EXPECT_EQ(of("tokens").effect, LimitEffect::soft);
}

TEST_F(Allowances, TheTenantsOwnLimitOfAnOwnMeterStandsBeforeThePlans) {
  TenantPatch patch;
  patch.own_limits.emplace().own_meters = {{"tokens", Quantity::of(20)}};
  patch.reason = "agreed";
  ASSERT_TRUE(directory_->change(tenant_, patch, world_.actor));
  EXPECT_EQ(summary(of("tokens")), "0 of 20, left 20");
}

TEST_F(Allowances, AnOwnMeterThatThePlanDoesNotNameHasNoLimit) {
  const NewMeter wanted{{"pages", "page", Folding::count, "", {}}, "", ""};
  ASSERT_TRUE(meters_.add(wanted, world_.actor));
  EXPECT_EQ(summary(of("pages")), "0 of none, left none");
}

TEST_F(Allowances, WhatIsNotThereIsSaid) {
  const auto code = [&](std::string_view tenant, std::string_view meter) {
    const auto found = enforcement_.allowance(core_world::tenant_id(tenant), meter);
    return found ? ErrorCode::internal : found.error().code;
  };
  EXPECT_EQ(code("acme", "x"), ErrorCode::not_found);
  EXPECT_EQ(code("acme", ""), ErrorCode::not_found);
  EXPECT_EQ(code("nobody", "api_calls"), ErrorCode::tenant_not_found);
  EXPECT_EQ(code("nobody", "x"), ErrorCode::tenant_not_found);
}

}  // namespace
}  // namespace metergate
