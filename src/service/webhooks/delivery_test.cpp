#include "service/webhooks/delivery.h"

#include <gtest/gtest.h>

#include "service/webhooks/delivery_schedule.h"

namespace metergate {
namespace {

Timestamp time_of(std::string_view text) { return parse_timestamp(text).value(); }
const Timestamp kNow = time_of("2026-03-05T10:30:00Z");

Delivery claimed(int tries = 1) {
  Delivery delivery;
  delivery.webhook = {"tenant_1", "w1"};
  delivery.id = "msg_1";
  delivery.number = 7;
  delivery.type = "sale.created";
  delivery.payload = "{}";
  delivery.attempts = delivery.tries = tries;
  delivery.claimed_at = kNow - Milliseconds{20};
  delivery.created_at = kNow - Milliseconds{30};
  return delivery;
}

AttemptOutcome answered(int status) {
  AttemptOutcome outcome;
  outcome.end = AttemptEnd::answered;
  outcome.status = status;
  return outcome;
}

TEST(Delivery, AnyTwoHundredIsSuccess) {
  for (const int status : {200, 201, 202, 204, 299}) {
    Delivery delivery = claimed();
    EXPECT_EQ(take_outcome(delivery, answered(status), {kNow, 0}), Consequence::delivered);
    EXPECT_EQ(delivery.status, DeliveryStatus::delivered);
    EXPECT_EQ(delivery.completed_at, kNow);
    EXPECT_EQ(delivery.last_attempt_at, kNow - Milliseconds{20});
    EXPECT_FALSE(delivery.claimed_at);
  }
}

TEST(Delivery, AllElseIsAFailureRedirectsToo) {
  for (const int status : {301, 302, 307, 308, 400, 401, 404, 429, 500, 503, 999}) {
    Delivery delivery = claimed();
    EXPECT_EQ(take_outcome(delivery, answered(status), {kNow, 0}), Consequence::waits) << status;
    EXPECT_EQ(delivery.next_attempt_at, kNow + std::chrono::seconds{5}) << status;
    EXPECT_EQ(delivery.last_status, status);
  }
}

TEST(Delivery, GoneEndsIt) {
  Delivery delivery = claimed();
  EXPECT_EQ(take_outcome(delivery, answered(410), {kNow, 0}), Consequence::gone);
  EXPECT_EQ(delivery.status, DeliveryStatus::given_up);
}

TEST(Delivery, RetryAfterCountsWhereTheReceiverIsBusyOnly) {
  for (const auto& [status, wait] : {std::pair{429, 60}, {503, 60}, {500, 5}}) {
    Delivery delivery = claimed();
    AttemptOutcome outcome = answered(status);
    outcome.retry_after = std::chrono::seconds{60};
    take_outcome(delivery, outcome, {kNow, 0});
    EXPECT_EQ(delivery.next_attempt_at, kNow + std::chrono::seconds{wait}) << status;
  }
}

TEST(Delivery, LastTryThatFailsGivesItUp) {
  Delivery delivery = claimed(kDeliveryTriesMax);
  EXPECT_EQ(take_outcome(delivery, AttemptOutcome{}, {kNow, 0}), Consequence::given_up);
  EXPECT_EQ(delivery.status, DeliveryStatus::given_up);
  Delivery before = claimed(kDeliveryTriesMax - 1);
  EXPECT_EQ(take_outcome(before, AttemptOutcome{}, {kNow, 0}), Consequence::waits);
}

TEST(Delivery, WhatWasNotSentIsATryAndNoAttempt) {
  Delivery delivery = claimed(3);
  AttemptOutcome outcome;
  outcome.end = AttemptEnd::not_sent;
  outcome.problem = "blocked";
  EXPECT_EQ(take_outcome(delivery, outcome, {kNow, 0}), Consequence::waits);
  EXPECT_EQ(delivery.attempts, 2);
  EXPECT_EQ(delivery.tries, 3);
  EXPECT_EQ(delivery.last_problem, "blocked");
}

TEST(Delivery, InterruptedOneIsAnAttemptAndNoTryAndMadeAgainAtOnce) {
  Delivery delivery = claimed(kDeliveryTriesMax);
  AttemptOutcome outcome;
  outcome.end = AttemptEnd::interrupted;
  EXPECT_EQ(take_outcome(delivery, outcome, {kNow, 0}), Consequence::waits);
  EXPECT_EQ(delivery.attempts, kDeliveryTriesMax);
  EXPECT_EQ(delivery.tries, kDeliveryTriesMax - 1);
  EXPECT_EQ(delivery.next_attempt_at, kNow);
}

TEST(Delivery, ComesBackFromItsDocumentAsItWas) {
  Delivery delivery = claimed(2);
  EXPECT_EQ(to_text(to_document(delivery_from(to_document(delivery)).value())),
            to_text(to_document(delivery)));
  AttemptOutcome outcome = answered(500);
  outcome.answer = "oh";
  take_outcome(delivery, outcome, {kNow, 1});
  EXPECT_EQ(to_text(to_document(delivery_from(to_document(delivery)).value())),
            to_text(to_document(delivery)));
}

TEST(Delivery, DocumentThatLacksWhatItNeedsIsCorrupt) {
  for (const char* name : {"delivery_id", "number", "payload", "status"}) {
    Json document = to_document(claimed());
    document.remove(name);
    EXPECT_FALSE(delivery_from(document)) << name;
  }
  Json document = to_document(claimed());
  document.set("status", "lost");
  EXPECT_FALSE(delivery_from(document));
}

TEST(Delivery, ShowsNullWhereThereIsNothing) {
  EXPECT_EQ(to_text(delivery_json(claimed(), std::nullopt)),
            R"({"delivery_id":"msg_1","webhook_id":"w1","type":"sale.created","status":"waiting",)"
            R"("attempts":1,"next_attempt_at":"1970-01-01T00:00:00.000Z","held_because":null,)"
            R"("last_attempt_at":null,"last_status":null,"last_problem":null,"last_answer":null,)"
            R"("created_at":"2026-03-05T10:29:59.970Z","completed_at":null})");
}

}  // namespace
}  // namespace metergate
