#include <algorithm>
#include <set>

#include "service/testing/deliveries_world_test.h"
#include "service/webhooks/delivery_schedule.h"
#include "service/webhooks/webhook_secret.h"

namespace metergate {
namespace {

using namespace core_world;

std::string header(const Attempt& attempt, std::string_view name) {
  for (const auto& [key, value] : attempt.headers) {
    if (key == name) return value;
  }
  return {};
}

TEST(DeliveryAttempts, CarriesIdTimeAndSignatureOfItsBody) {
  DeliveryWorld world;
  const std::string id = world.hook();
  world.sale("s1");
  const Attempt attempt = world.must_claim();
  EXPECT_EQ(attempt.url, "https://hooks.example/");
  EXPECT_EQ(header(attempt, "Content-Type"), "application/json");
  EXPECT_EQ(header(attempt, "webhook-id"), attempt.delivery.id);
  EXPECT_EQ(header(attempt, "webhook-timestamp"), "1772706600");
  const std::string secret = world.webhooks->find({"tenant_1", id})->secret;
  EXPECT_EQ(
      header(attempt, "webhook-signature"),
      webhook_signature({attempt.delivery.id, "1772706600", attempt.delivery.payload}, {secret}));
}

TEST(DeliveryAttempts, IsSignedTwiceWhileASecretIsRotated) {
  DeliveryWorld world;
  const std::string id = world.hook();
  ASSERT_TRUE(world.webhooks->change({world.own, id}, {.rotates_secret = true}, world.actor));
  world.sale("s1");
  const std::string signature = header(world.must_claim(), "webhook-signature");
  EXPECT_EQ(std::ranges::count(signature, ' '), 1) << signature;
}

TEST(DeliveryAttempts, IsCountedOnceWithItsOutcome) {
  DeliveryWorld world;
  const std::string id = world.hook();
  world.sale("s1");
  world.end(world.must_claim(), 503);
  world.clock.advance(std::chrono::seconds{10});
  world.end(world.must_claim(), 200);
  const auto calls = world.calls();
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_EQ(world.counter("tenant_1").webhooks.count, 2);
  EXPECT_EQ(world.counter("tenant_1").webhooks.failures, 1);
  std::set<std::int64_t> attempts;
  for (const Json& call : calls) {
    EXPECT_EQ(call.string_at("webhook_id"), id);
    attempts.insert(call.integer_at("attempt").value());
    const bool is_second = call.integer_at("attempt") == 2;
    EXPECT_EQ(call.bool_at("success"), is_second);
    EXPECT_EQ(call.integer_at("status"), is_second ? 200 : 503);
  }
  EXPECT_EQ(attempts, (std::set<std::int64_t>{1, 2}));
}

TEST(DeliveryAttempts, OutcomeStateAndCountAreOneBatch) {
  DeliveryWorld world;
  world.hook();
  world.sale("s1");
  const Attempt attempt = world.must_claim();
  const Sequence before = world.store->head();
  world.end(attempt, 200);
  EXPECT_EQ(world.store->head(), before + 1);
}

TEST(DeliveryAttempts, WhatWasNeverSentIsNotCounted) {
  DeliveryWorld world;
  world.hook();
  world.sale("s1");
  world.end(world.must_claim(), AttemptEnd::not_sent);
  EXPECT_TRUE(world.calls().empty());
  world.clock.advance(std::chrono::seconds{10});
  EXPECT_EQ(world.must_claim().delivery.attempts, 1);
}

TEST(DeliveryAttempts, OfTheProviderCountForNobody) {
  DeliveryWorld world;
  const std::string id =
      world.webhooks->add(WebhookOwner::provider(), {"https://x.example/", {"*"}, {}}, world.actor)
          .value()
          .string_at("webhook_id")
          .value();
  ASSERT_TRUE(world.deliveries->test(WebhookOwner::provider(), id));
  world.end(world.must_claim(), 200);
  EXPECT_TRUE(world.calls().empty());
  EXPECT_EQ(world.only_delivery().integer_at("attempts"), 1);
}

TEST(DeliveryAttempts, AreNotCountedWhereTrackingIsOff) {
  DeliveryWorld world;
  world.rules.tracking_enabled = false;
  world.hook();
  world.sale("s1");
  world.end(world.must_claim(), 200);
  EXPECT_TRUE(world.calls().empty());
}

TEST(DeliveryAttempts, OneUnderWayHoldsItsWebhookAndNoOther) {
  DeliveryWorld world;
  world.hook();
  world.hook();
  world.sale("s1");
  world.sale("s2");
  const Attempt a = world.must_claim();
  const Attempt b = world.must_claim();
  EXPECT_NE(a.delivery.webhook, b.delivery.webhook);
  EXPECT_EQ(DeliveryWorld::sale_of(a), "s1");
  EXPECT_EQ(DeliveryWorld::sale_of(b), "s1");
  EXPECT_FALSE(world.claim());
  world.end(b, 200);
  EXPECT_EQ(DeliveryWorld::sale_of(world.must_claim()), "s2");
}

TEST(DeliveryAttempts, AFailedOneHoldsThoseBehindItUntilItIsGivenUp) {
  DeliveryWorld world;
  world.hook();
  world.sale("s1");
  world.sale("s2");
  std::string id;
  for (int attempt = 1; attempt <= kDeliveryTriesMax; ++attempt) {
    const Attempt made = world.must_claim();
    EXPECT_EQ(DeliveryWorld::sale_of(made), "s1");
    EXPECT_EQ(made.delivery.attempts, attempt);
    EXPECT_TRUE(id.empty() || made.delivery.id == id);
    id = made.delivery.id;
    world.end(made, 500);
    EXPECT_TRUE(attempt == kDeliveryTriesMax || !world.claim());
    world.clock.advance(std::chrono::hours{27});
  }
  EXPECT_EQ(DeliveryWorld::sale_of(world.must_claim()), "s2");
}

// The course of a dead endpoint: after one delivery's whole schedule and one try of the next, it is
// switched off, and all later deliveries are given up.
TEST(DeliveryAttempts, ADeadReceiverIsSwitchedOffAfterOneScheduleAndOneTry) {
  DeliveryWorld world;
  const std::string id = world.hook();
  for (const char* sale : {"s1", "s2", "s3"}) world.sale(sale);
  for (int attempt = 0; attempt < kDeliveryTriesMax; ++attempt) {
    world.end(world.must_claim(), 0);
    world.clock.advance(std::chrono::hours{27});
  }
  EXPECT_TRUE(world.webhooks->find({"tenant_1", id})->is_active);
  world.end(world.must_claim(), 0);
  EXPECT_FALSE(world.webhooks->find({"tenant_1", id})->is_active);
  EXPECT_FALSE(world.claim());
  const DeliveryPage given_up =
      world.deliveries->list({world.own, id}, {.status = "given_up"}).value();
  EXPECT_EQ(given_up.total, 3);
  EXPECT_FALSE(world.deliveries->next_due());
}

TEST(DeliveryAttempts, ASuccessForgetsThatOneWasGivenUp) {
  DeliveryWorld world;
  const std::string id = world.hook();
  for (const char* sale : {"s1", "s2", "s3"}) world.sale(sale);
  for (int attempt = 0; attempt < kDeliveryTriesMax; ++attempt) {
    world.end(world.must_claim(), 0);
    world.clock.advance(std::chrono::hours{27});
  }
  world.end(world.must_claim(), 200);
  EXPECT_FALSE(world.webhooks->find({"tenant_1", id})->given_up_at);
  world.end(world.must_claim(), 0);
  EXPECT_TRUE(world.webhooks->find({"tenant_1", id})->is_active);
}

TEST(DeliveryAttempts, GoneSwitchesTheWebhookOff) {
  DeliveryWorld world;
  const std::string id = world.hook();
  world.sale("s1");
  world.end(world.must_claim(), 410);
  const auto webhook = world.webhooks->find({"tenant_1", id});
  EXPECT_FALSE(webhook->is_active);
  EXPECT_NE(webhook->disabled_reason.find("410"), std::string::npos);
}

TEST(DeliveryAttempts, DeletedWebhookLeavesNothingWaiting) {
  DeliveryWorld world;
  const std::string id = world.hook();
  for (int i = 0; i < 3; ++i) world.sale("s" + std::to_string(i));
  const Attempt under_way = world.must_claim();
  ASSERT_TRUE(world.webhooks->remove({world.own, id}, world.actor));
  EXPECT_FALSE(world.claim());
  world.end(under_way, 500);
  EXPECT_FALSE(world.claim());
  EXPECT_FALSE(world.deliveries->next_due());
  for (const Json& delivery : world.all(Collection::webhook_deliveries)) {
    EXPECT_EQ(delivery.string_at("status"), "given_up");
  }
}

TEST(DeliveryAttempts, AfterACrashTheAttemptIsCountedAndMadeAgainUnderItsId) {
  DeliveryWorld world;
  world.hook();
  world.sale("s1");
  world.sale("s2");
  const Attempt lost = world.must_claim();
  world.restart();
  const Attempt again = world.must_claim();
  EXPECT_EQ(again.delivery.id, lost.delivery.id);
  EXPECT_EQ(again.delivery.attempts, 2);
  EXPECT_EQ(again.delivery.tries, 1);
  ASSERT_EQ(world.calls().size(), 1U);
  EXPECT_EQ(world.calls()[0].integer_at("attempt"), 1);
  EXPECT_EQ(world.calls()[0].bool_at("success"), false);
  world.end(again, 200);
  EXPECT_EQ(DeliveryWorld::sale_of(world.must_claim()), "s2");
}

TEST(DeliveryAttempts, AfterACrashADeletedWebhooksAttemptIsCountedAndNotMadeAgain) {
  DeliveryWorld world;
  const std::string id = world.hook();
  world.sale("s1");
  world.must_claim();
  ASSERT_TRUE(world.webhooks->remove({world.own, id}, world.actor));
  world.restart();
  EXPECT_FALSE(world.claim());
  EXPECT_EQ(world.calls().size(), 1U);
  EXPECT_EQ(world.only_delivery().string_at("status"), "given_up");
}

TEST(DeliveryAttempts, AfterARestartRetriesKeepTheirTime) {
  DeliveryWorld world;
  world.hook();
  world.sale("s1");
  world.end(world.must_claim(), 500);
  world.restart();
  EXPECT_FALSE(world.claim());
  EXPECT_GE(*world.deliveries->next_due(), world.clock.now() + std::chrono::seconds{5});
  world.clock.advance(std::chrono::seconds{6});
  EXPECT_EQ(world.must_claim().delivery.attempts, 2);
}

TEST(DeliveryAttempts, OutcomeThatTheStoreRefusesCanBeRecordedLaterOnce) {
  DeliveryWorld world;
  world.hook();
  world.sale("s1");
  const Attempt attempt = world.must_claim();
  AttemptOutcome outcome;
  outcome.end = AttemptEnd::answered;
  outcome.status = 200;
  world.store->faults().refuse_writes = true;
  EXPECT_FALSE(world.deliveries->record(attempt, outcome));
  EXPECT_FALSE(world.claim());
  world.store->faults().refuse_writes = false;
  EXPECT_TRUE(world.deliveries->record(attempt, outcome));
  EXPECT_EQ(world.calls().size(), 1U);
  EXPECT_FALSE(world.claim());
}

TEST(DeliveryAttempts, ClaimThatTheStoreRefusesIsTriedAgainAfterAWhile) {
  DeliveryWorld world;
  world.hook();
  world.sale("s1");
  world.store->faults().refuse_writes = true;
  EXPECT_FALSE(world.deliveries->claim(world.clock.now()));
  world.store->faults().refuse_writes = false;
  EXPECT_FALSE(world.claim());
  world.clock.advance(std::chrono::seconds{1});
  EXPECT_EQ(world.must_claim().delivery.attempts, 1);
}

TEST(DeliveryAttempts, OneWhosePeriodHasClosedIsCountedInThePresentOne) {
  DeliveryWorld world;
  world.hook();
  world.sale("s1");
  const Attempt attempt = world.must_claim();
  world.clock.set(at("2026-04-05T00:00:00Z"));
  Batch close;
  close.at = world.clock.now();
  close.close_through = Period::parse("2026-03").value();
  ASSERT_TRUE(world.store->apply(std::move(close)));
  world.end(attempt, 200);
  EXPECT_EQ(world.counter("tenant_1").webhooks.count, 1);
}

TEST(DeliveryAttempts, QueueThatIsFullSwitchesTheWebhookOff) {
  DeliveryWorld world;
  const std::string id = world.hook();
  // The maximum number of waiting deliveries, without storing each of them.
  Batch batch;
  batch.at = world.clock.now();
  const Announced one =
      world.deliveries->announce({"tenant_1", "sale.created", Json::object()}, batch);
  ASSERT_TRUE(world.store->apply(std::move(batch)));
  const Announced many(static_cast<std::size_t>(Deliveries::kWaitingMax), one.at(0));
  world.deliveries->committed(many);
  Batch refused;
  EXPECT_TRUE(
      world.deliveries->announce({"tenant_1", "sale.created", Json::object()}, refused).empty());
  EXPECT_FALSE(world.claim());
  EXPECT_FALSE(world.webhooks->find({"tenant_1", id})->is_active);
  EXPECT_EQ(world.only_delivery().string_at("status"), "given_up");
}

TEST(DeliveryAttempts, RetriesAndNewDeliveriesWaitNoLongerWhereTheClockIsSetBack) {
  for (const std::chrono::hours back : {std::chrono::hours{1}, std::chrono::hours{24 * 365 * 5}}) {
    DeliveryWorld world;
    world.hook();
    world.sale("s1");
    world.end(world.must_claim(), 500);
    EXPECT_FALSE(world.claim());
    world.clock.jump(-back);
    EXPECT_FALSE(world.claim()) << "it waits yet";
    world.clock.advance(std::chrono::seconds{6});
    world.end(world.must_claim(), 200);
    // One that was announced before and not tried.
    world.clock.jump(back);
    world.sale("s2");
    world.clock.jump(-back);
    EXPECT_EQ(DeliveryWorld::sale_of(world.must_claim()), "s2");
  }
}

TEST(DeliveryAttempts, ARestartWithTheClockSetBackTriesAtOnce) {
  DeliveryWorld world;
  world.hook();
  world.sale("s1");
  world.end(world.must_claim(), 500);
  world.clock.jump(-std::chrono::hours{24 * 365});
  world.restart();
  EXPECT_EQ(world.must_claim().delivery.attempts, 2);
}

}  // namespace
}  // namespace metergate
