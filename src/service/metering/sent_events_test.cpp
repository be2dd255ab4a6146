// Hard limits of the provider's own meters, and a tenant's own events.
#include <gtest/gtest.h>

#include "service/metering/enforcement.h"
#include "service/meters/meters.h"
#include "service/testing/core_world_test.h"

namespace metergate {
namespace {

using namespace core_world;

std::string hard_plans() {
  return catalogue_text() +
         "\n[plan.effects]\ntokens = \"hard\"\npeak = \"hard\"\n"
         "\n[plan.meters.tokens]\nlimit = 10\nrate = 1\n"
         "\n[plan.meters.peak]\nlimit = 5\nrate = 1\n"
         "\n[plan.meters.prompts]\nlimit = 2\nrate = 1\n";
}

struct SentWorld : TestWorld {
  std::unique_ptr<Catalog> hard = Catalog::open(*store, clock, hard_plans()).value();
  std::unique_ptr<Directory> tenants = Directory::open(*store, *hard, clock).value();
  Ingest ingest{*store, *tenants, rules, clock};
  Enforcement enforcement{{*store, *tenants, *hard, ingest, rules, clock}};
  Meters meters{*store, *hard, clock};
  const TenantId acme = tenant_id("acme");

  SentWorld() {
    clock.advance(Milliseconds{1});  // the second file's versions begin after the first's
    EXPECT_TRUE(tenants->add(NewTenant{acme, "Acme", "enterprise", {}}, actor));
    define("tokens", Folding::sum);
    define("peak", Folding::greatest);
    define({"prompts", "prompt", Folding::count, "", {}});
  }
  void define(const std::string& slug, Folding folding) {
    define({slug, slug, folding, "$.n", {}});
  }
  void define(OwnMeter meter) {
    meter.tenant_may_send = true;
    EXPECT_TRUE(meters.add({std::move(meter), "", ""}, actor));
  }
  UsageEvent event(std::string type, std::string_view amount, std::string id = "") {
    UsageEvent made;
    made.tenant = acme;
    made.source = "till";
    made.id = id.empty() ? "e" + std::to_string(++made_) : id;
    made.occurred_at = clock.now();
    made.fact = OtherFact{std::move(type), "{\"n\":" + std::string(amount) + "}"};
    return made;
  }
  Result<Commit> send(std::vector<UsageEvent> events) {
    return enforcement.record_sent(acme, std::move(events));
  }
  Result<Commit> send(UsageEvent event) { return send(std::vector{std::move(event)}); }
  std::string used(std::string_view meter) {
    return to_text(enforcement.allowance(acme, meter).value().used);
  }
  bool is_allowed(std::string_view meter) {
    return enforcement.allowance(acme, meter).value().is_allowed;
  }

 private:
  int made_ = 0;
};

TEST(SentEvents, FitUpToAHardLimitAndNotAboveIt) {
  SentWorld world;
  EXPECT_TRUE(world.send(world.event("tokens", "7.5")));
  EXPECT_TRUE(world.is_allowed("tokens"));
  const auto refused = world.send(world.event("tokens", "2.6"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::limit_exceeded);
  EXPECT_EQ(refused.error().message,
            "tokens has a hard limit of 10 in 2026-03, is at 7.5, and would be at 10.1 with these "
            "events: a bigger plan, or the provider, can raise it");
  // Until the period ends.
  EXPECT_EQ(refused.error().retry_after, std::chrono::seconds{2'295'000});
  EXPECT_TRUE(world.send(world.event("tokens", "2.5")));
  EXPECT_EQ(world.used("tokens"), "10");
  EXPECT_FALSE(world.is_allowed("tokens"));
  EXPECT_FALSE(world.send(world.event("tokens", "0.000000001")));
}

TEST(SentEvents, ABatchIsTakenAsAWholeOrNotAtAll) {
  SentWorld world;
  EXPECT_FALSE(world.send({world.event("tokens", "6"), world.event("tokens", "6")}));
  EXPECT_EQ(world.used("tokens"), "0");
  EXPECT_TRUE(world.send({world.event("tokens", "6"), world.event("tokens", "4")}));
  EXPECT_FALSE(world.send({world.event("prompt", "1"), world.event("tokens", "1")}));
  EXPECT_EQ(world.used("prompts"), "0");
}

TEST(SentEvents, WhatWasRecordedBeforeIsNoMore) {
  SentWorld world;
  const UsageEvent first = world.event("tokens", "10", "first");
  ASSERT_TRUE(world.send(first));
  const auto again = world.send(first);
  ASSERT_TRUE(again) << "sent again, as a client does that heard no answer";
  EXPECT_EQ(again->outcomes.at(0), EventOutcome::duplicate);
  const UsageEvent twice = world.event("peak", "5", "twice");
  EXPECT_TRUE(world.send({twice, twice}));
}

TEST(SentEvents, AMeterIsHeldByWhatItComesTo) {
  SentWorld world;
  EXPECT_TRUE(world.send(world.event("peak", "4")));
  EXPECT_TRUE(world.send({world.event("peak", "5"), world.event("peak", "5")}));
  EXPECT_FALSE(world.send(world.event("peak", "5.1")));
  EXPECT_TRUE(world.send(world.event("peak", "1"))) << "no new peak";
}

TEST(SentEvents, OtherMetersAndSoftLimitsRefuseNothing) {
  SentWorld world;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(world.send(world.event("prompt", "1")));
  EXPECT_TRUE(world.is_allowed("prompts"));
  ASSERT_TRUE(world.send(world.event("tokens", "10")));
  EXPECT_EQ(world.send(world.event("note", "1")).error().code, ErrorCode::permission)
      << "feeds no meter, so nobody has marked it";
}

TEST(SentEvents, TheProvidersEventsReportWhatHappenedAndAreCounted) {
  SentWorld world;
  ASSERT_TRUE(world.ingest.record({world.event("tokens", "25")}));
  EXPECT_EQ(world.used("tokens"), "25");
  EXPECT_FALSE(world.is_allowed("tokens"));
}

TEST(SentEvents, AnOverrideMakesALimitHardOrSoftAndRaisesIt) {
  SentWorld world;
  LimitsOverride own;
  own.effects = {{"prompts", LimitEffect::hard}, {"peak", LimitEffect::soft}};
  own.own_meters = {{"tokens", Quantity::of(30)}};
  ASSERT_TRUE(world.tenants->change(world.acme, {{}, {}, own, "agreed"}, world.actor));
  EXPECT_TRUE(world.send(world.event("tokens", "30")));
  EXPECT_FALSE(world.send(world.event("tokens", "1")));
  EXPECT_TRUE(world.send(world.event("peak", "50")));
  EXPECT_TRUE(world.send({world.event("prompt", "1"), world.event("prompt", "1")}));
  EXPECT_FALSE(world.send(world.event("prompt", "1")));
  EXPECT_FALSE(world.is_allowed("prompts"));
  EXPECT_EQ(world.enforcement.allowance(world.acme, "prompts")->effect, LimitEffect::hard);
}

// An event of a month in its grace time counts against that month's limit.
TEST(SentEvents, AnEventIsHeldToItsOwnPeriod) {
  SentWorld world;
  ASSERT_TRUE(world.send(world.event("tokens", "10")));
  UsageEvent late = world.event("tokens", "1");
  world.clock.set(at("2026-04-01T10:00:00Z"));
  EXPECT_FALSE(world.send(late));
  EXPECT_TRUE(world.send(world.event("tokens", "1")));
}

TEST(SentEvents, WhereLimitsAreOnlyObservedAllAreTaken) {
  SentWorld world;
  world.rules.limits_enforced = false;
  EXPECT_TRUE(world.send(world.event("tokens", "25")));
  EXPECT_TRUE(world.is_allowed("tokens"));
}

TEST(SentEvents, ABadEventIsNamedAsEver) {
  SentWorld world;
  UsageEvent bad = world.event("tokens", "1");
  bad.occurred_at += std::chrono::hours{1};
  expect_error(world.send(bad), ErrorCode::invalid, "time");
}

}  // namespace
}  // namespace metergate
