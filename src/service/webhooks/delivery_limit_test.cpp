#include "service/webhooks/delivery_limit.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <random>

#include "service/testing/deliveries_world_test.h"

namespace metergate {
namespace {

using namespace core_world;

// A tenant with a limit on webhook calls in a month.
struct LimitedWorld : DeliveryWorld {
  explicit LimitedWorld(std::int64_t limit) { set_limit(limit); }

  void set_limit(std::optional<std::int64_t> units, LimitEffect effect = LimitEffect::hard) {
    LimitsOverride limits;
    limits[Meter::webhook_calls] = Limit{units, LimitEffect::soft};
    limits.effects = {{"webhook_calls", effect}};
    EXPECT_TRUE(
        directory->change(tenant_id("tenant_1"), TenantPatch{{}, {}, limits, "agreed"}, actor));
  }
  std::vector<Json> listed(const std::string& webhook) const {
    return deliveries->list({own, webhook}, {}).value().deliveries;  // newest first
  }
  std::int64_t counted() const { return counter("tenant_1").webhooks.count; }
  void wait_for_a_look() { clock.advance(std::chrono::seconds{5}); }
  // Sends everything that may be sent now; returns the sales in order.
  std::vector<std::string> send_all() {
    std::vector<std::string> sent;
    while (const auto attempt = claim()) {
      sent.push_back(sale_of(*attempt));
      end(*attempt, 200);
    }
    return sent;
  }
  void sales(int from, int to) {
    for (int n = from; n <= to; ++n) sale("s" + std::to_string(n));
  }
};

using Sales = std::vector<std::string>;

TEST(DeliveryLimit, WhatIsOverAHardLimitWaitsAndIsNotLost) {
  LimitedWorld world(2);
  world.hook();
  world.sales(1, 4);
  EXPECT_EQ(world.send_all(), (Sales{"s1", "s2"}));
  world.wait_for_a_look();
  EXPECT_EQ(world.send_all(), Sales{});
  EXPECT_EQ(world.counted(), 2);
}

TEST(DeliveryLimit, TheListingSaysWhyTheyWaitAndUntilWhen) {
  LimitedWorld world(1);
  const std::string id = world.hook();
  world.sales(1, 2);
  EXPECT_TRUE(world.listed(id)[0].find("held_because")->is_null());
  world.send_all();
  const std::vector<Json> listed = world.listed(id);
  EXPECT_EQ(listed[0].string_at("held_because"),
            "the plan's hard limit of 1 webhook_calls is reached; a bigger plan, or the provider, "
            "can raise it");
  EXPECT_EQ(listed[0].timestamp_at("next_attempt_at"), at("2026-04-01T00:00:00Z"));
  EXPECT_TRUE(listed[1].find("held_because")->is_null());  // it was delivered
  const Json test = world.deliveries->test(world.own, id).value();
  EXPECT_TRUE(test.string_at("held_because"));
  world.set_limit(5);
  EXPECT_TRUE(world.listed(id)[0].find("held_because")->is_null());
}

TEST(DeliveryLimit, TheyGoOutInOrderWhenItIsRaised) {
  LimitedWorld world(1);
  world.hook();
  world.sales(1, 4);
  EXPECT_EQ(world.send_all(), (Sales{"s1"}));
  world.set_limit(3);
  world.wait_for_a_look();
  EXPECT_EQ(world.send_all(), (Sales{"s2", "s3"}));
  world.sales(5, 5);
  world.set_limit(std::nullopt);
  world.wait_for_a_look();
  EXPECT_EQ(world.send_all(), (Sales{"s4", "s5"}));
  EXPECT_EQ(world.counted(), 5);
}

TEST(DeliveryLimit, TheyGoOutInOrderAsSoonAsTheNextPeriodBegins) {
  LimitedWorld world(2);
  world.hook();
  world.sales(1, 5);
  world.send_all();
  world.clock.set(at("2026-03-31T23:59:59Z"));
  EXPECT_EQ(world.send_all(), Sales{});
  EXPECT_EQ(world.deliveries->next_due(), at("2026-04-01T00:00:00Z"));
  world.clock.set(at("2026-04-01T00:00:00Z"));
  EXPECT_EQ(world.send_all(), (Sales{"s3", "s4"}));
  world.clock.set(at("2026-05-01T00:00:00Z"));
  EXPECT_EQ(world.send_all(), (Sales{"s5"}));
}

TEST(DeliveryLimit, AttemptsUnderWayHaveTheirPlaces) {
  LimitedWorld world(2);
  for (int i = 0; i < 4; ++i) world.hook();
  world.sale("s1");
  const Attempt first = world.must_claim();
  const Attempt second = world.must_claim();
  EXPECT_FALSE(world.claim());
  world.end(first, AttemptEnd::not_sent);  // not counted, so its place is free again
  world.wait_for_a_look();
  const Attempt third = world.must_claim();
  EXPECT_FALSE(world.claim());
  world.end(second, 500);
  world.end(third, 200);
  world.wait_for_a_look();
  EXPECT_FALSE(world.claim());
  EXPECT_EQ(world.counted(), 2);
}

TEST(DeliveryLimit, ARetryNeedsRoomTooAndKeepsItsPlaceInTheSchedule) {
  LimitedWorld world(1);
  world.hook();
  world.sales(1, 2);
  world.end(world.must_claim(), 500);
  world.clock.advance(std::chrono::hours{100});
  EXPECT_FALSE(world.claim());
  world.set_limit(3);
  world.wait_for_a_look();
  const Attempt again = world.must_claim();
  EXPECT_EQ(LimitedWorld::sale_of(again), "s1");
  EXPECT_EQ(again.delivery.tries, 2);
  world.end(again, 200);
  EXPECT_EQ(world.send_all(), (Sales{"s2"}));
}

TEST(DeliveryLimit, AnAttemptThatACrashCutOffKeepsItsPlaceUntilItIsCounted) {
  LimitedWorld world(2);
  for (int i = 0; i < 3; ++i) world.hook();
  world.sale("s1");
  world.must_claim();
  world.must_claim();
  world.restart();
  EXPECT_FALSE(world.claim());
  EXPECT_EQ(world.counted(), 2);
  world.wait_for_a_look();
  EXPECT_FALSE(world.claim());
  EXPECT_EQ(world.all(Collection::webhook_deliveries).size(), 3U);
}

TEST(DeliveryLimit, ASoftOneHoldsNothing) {
  LimitedWorld world(1);
  world.set_limit(1, LimitEffect::soft);
  world.hook();
  world.sales(1, 3);
  EXPECT_EQ(world.send_all(), (Sales{"s1", "s2", "s3"}));
}

TEST(DeliveryLimit, NothingIsHeldWhereLimitsAreOnlyObservedOrNothingIsTracked) {
  LimitedWorld world(0);
  const std::string id = world.hook();
  world.sales(1, 2);
  EXPECT_EQ(world.send_all(), Sales{});
  world.rules.limits_enforced = false;
  EXPECT_TRUE(world.listed(id)[0].find("held_because")->is_null());
  world.wait_for_a_look();
  EXPECT_EQ(world.send_all(), (Sales{"s1", "s2"}));
  EXPECT_EQ(world.counted(), 2);
  world.rules.limits_enforced = true;
  world.rules.tracking_enabled = false;
  world.sales(3, 3);
  EXPECT_EQ(world.send_all(), (Sales{"s3"}));
}

TEST(DeliveryLimit, HoldsNeitherOtherTenantsNorTheProvider) {
  LimitedWorld world(0);
  world.hook();
  world.sale("s1");
  const std::string id =
      world.webhooks->add(WebhookOwner::provider(), {"https://x.example/", {"*"}, {}}, world.actor)
          .value()
          .string_at("webhook_id")
          .value();
  ASSERT_TRUE(world.deliveries->test(WebhookOwner::provider(), id));
  const Attempt attempt = world.must_claim();
  EXPECT_EQ(attempt.delivery.webhook.owner, "");
  world.end(attempt, 200);
  EXPECT_FALSE(world.claim());
}

TEST(DeliveryLimit, AWebhookThatIsDeletedWhileItIsHeldGivesUpWhatWaits) {
  LimitedWorld world(0);
  const std::string id = world.hook();
  world.sales(1, 2);
  EXPECT_FALSE(world.claim());
  ASSERT_TRUE(world.webhooks->remove({world.own, id}, world.actor));
  EXPECT_FALSE(world.claim());
  for (const Json& delivery : world.all(Collection::webhook_deliveries)) {
    EXPECT_EQ(delivery.string_at("status"), "given_up");
  }
}

// Several webhooks, all kinds of answers, and crashes: the limit is never passed, and in the end
// each webhook has every sale once, in order.
TEST(DeliveryLimit, WhateverHappensThereIsNoOvershootAndNothingIsLost) {
  constexpr int kHooks = 3;
  constexpr int kSales = 12;
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    std::mt19937 random(seed);
    std::int64_t limit = 3;
    LimitedWorld world(limit);
    for (int i = 0; i < kHooks; ++i) world.hook();
    std::vector<Attempt> under_way;
    std::map<std::string, Sales> delivered;
    int sold = 0;
    for (int step = 0; step < 4000; ++step) {
      const auto pick = random() % 100;
      if (pick < 10 && sold < kSales) world.sale(fmt::format("s{:02}", ++sold));
      if (pick < 60) {
        if (auto attempt = world.claim()) under_way.push_back(*std::move(attempt));
      } else if (pick < 90 && !under_way.empty()) {
        const Attempt attempt = under_way.back();
        under_way.pop_back();
        const bool is_good = random() % 4 != 0;
        if (is_good)
          delivered[attempt.delivery.webhook.id].push_back(LimitedWorld::sale_of(attempt));
        world.end(attempt, is_good ? 200 : 503);
      } else if (pick < 92) {
        world.restart();
        under_way.clear();
      } else if (pick < 97) {
        world.clock.advance(std::chrono::minutes{6});
      } else {
        world.set_limit(++limit);
      }
      ASSERT_LE(world.counted() + static_cast<std::int64_t>(under_way.size()), limit)
          << "seed " << seed << ", step " << step;
    }
    ASSERT_EQ(delivered.size(), kHooks) << "seed " << seed;
    for (const auto& [webhook, sales] : delivered) {
      EXPECT_EQ(sales.size(), kSales) << "seed " << seed;
      EXPECT_TRUE(std::ranges::is_sorted(sales)) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace metergate
