#include "service/webhooks/delivery_queue.h"

#include <gtest/gtest.h>

namespace metergate {
namespace {

const WebhookKey kA{"tenant_1", "a"};
const WebhookKey kB{"tenant_1", "b"};

Timestamp after(std::int64_t ms) { return Timestamp{Milliseconds{1'000'000 + ms}}; }

TEST(DeliveryQueue, GivesTheWebhookThatIsDueLongest) {
  DeliveryQueue queue;
  queue.add(kB, 1, after(1));
  queue.add(kA, 1, after(2));
  EXPECT_EQ(queue.take(after(2)), kB);
  EXPECT_EQ(queue.take(after(2)), kA);
  EXPECT_FALSE(queue.take(after(2)));
}

TEST(DeliveryQueue, OneUnderWayIsTakenByNobodyElse) {
  DeliveryQueue queue;
  queue.add(kA, 2, after(0));
  EXPECT_EQ(queue.take(after(0)), kA);
  queue.add(kA, 1, after(0));
  EXPECT_FALSE(queue.take(after(9)));
  EXPECT_EQ(queue.waiting(kA), 3);
  queue.settle(kA, 1, after(0));
  EXPECT_EQ(queue.take(after(0)), kA);
}

TEST(DeliveryQueue, WhatWaitsForARetryIsNotMadeDueByWhatIsAdded) {
  DeliveryQueue queue;
  queue.add(kA, 1, after(0));
  queue.take(after(0));
  queue.settle(kA, 0, after(5000));
  queue.add(kA, 1, after(1));
  EXPECT_FALSE(queue.take(after(4999)));
  EXPECT_EQ(queue.next_due(), after(5000));
  EXPECT_EQ(queue.take(after(5000)), kA);
}

TEST(DeliveryQueue, HastenMakesItDueAlsoWhileItIsUnderWay) {
  DeliveryQueue queue;
  queue.hasten(kA, after(0));  // no delivery waits, so this has no effect
  EXPECT_FALSE(queue.take(after(0)));
  queue.add(kA, 2, after(0));
  queue.take(after(0));
  queue.settle(kA, 0, after(5000));
  queue.hasten(kA, after(1));
  EXPECT_EQ(queue.take(after(1)), kA);
  queue.hasten(kA, after(2));
  queue.settle(kA, 0, after(5000));
  EXPECT_EQ(queue.take(after(2)), kA);
  queue.settle(kA, 0, after(5000));
  EXPECT_FALSE(queue.take(after(2)));
}

TEST(DeliveryQueue, WhatIsAddedWhileAnEmptyWebhookIsSettledIsNotLost) {
  DeliveryQueue queue;
  queue.add(kA, 1, after(0));
  queue.take(after(0));
  const std::int64_t seen = queue.waiting(kA);
  queue.add(kA, 1, after(0));  // between the check and the settling
  queue.settle(kA, seen, after(0));
  EXPECT_EQ(queue.take(after(0)), kA);
}

TEST(DeliveryQueue, ForgetsWebhooksWithNothingWaiting) {
  DeliveryQueue queue;
  queue.add(kA, 1, after(0));
  queue.take(after(0));
  queue.settle(kA, 1, after(0));
  EXPECT_EQ(queue.waiting(kA), 0);
  EXPECT_FALSE(queue.next_due());
  // The count of a delivery sent before it was added comes late and finds no entry.
  queue.add(kA, 1, after(1));
  EXPECT_EQ(queue.take(after(1)), kA);
}

TEST(DeliveryQueue, WaitsNoLongerWhereTheClockIsSetBack) {
  DeliveryQueue queue;
  queue.add(kA, 2, after(0));
  queue.take(after(0));
  queue.settle(kA, 1, after(300'000));
  EXPECT_FALSE(queue.take(after(60'000)));
  EXPECT_FALSE(queue.take(after(60'000 - 3'600'000)));
  EXPECT_EQ(queue.next_due(), after(300'000 - 3'600'000));
  EXPECT_EQ(queue.take(after(300'000 - 3'600'000)), kA);
}

}  // namespace
}  // namespace metergate
