#include "service/webhooks/deliveries.h"

#include "service/testing/deliveries_world_test.h"

namespace metergate {
namespace {

using namespace core_world;

TEST(Deliveries, AFactAndItsDeliveryAreOneBatch) {
  DeliveryWorld world;
  world.hook();
  const Sequence before = world.store->head();
  world.sale("s1");
  EXPECT_EQ(world.store->head(), before + 1);
  const Json delivery = world.only_delivery();
  EXPECT_EQ(delivery.string_at("type"), "sale.created");
  EXPECT_EQ(delivery.string_at("status"), "waiting");
  const Json payload = parse_json(delivery.string_at("payload").value()).value();
  EXPECT_EQ(payload.string_at("type"), "sale.created");
  EXPECT_EQ(payload.string_at("timestamp"), "2026-03-05T10:30:00.000Z");
  EXPECT_EQ(payload.find("data")->string_at("sale_id"), "s1");
  EXPECT_EQ(payload.find("data")->find("revision"), nullptr);
}

TEST(Deliveries, AFactThatIsRefusedHasNone) {
  DeliveryWorld world;
  world.hook();
  world.sale("s1");
  NewTrade again;
  again.id = "s1";
  EXPECT_FALSE(world.records().add_sale(world.access, again, world.actor));
  world.only_delivery();
  world.end(world.must_claim(), 200);
  EXPECT_FALSE(world.claim());
}

TEST(Deliveries, EachWebhookGetsWhatItWants) {
  DeliveryWorld world;
  world.hook({"sale.created"});
  world.hook({"store.*"});
  world.hook({"ticket.created", "device.*"});
  world.hook({"*"});
  world.sale("s1");
  EXPECT_EQ(world.all(Collection::webhook_deliveries).size(), 2U);
  ASSERT_TRUE(world.records().add_store(world.access, {"st1", "A"}, world.actor));
  ASSERT_TRUE(
      world.records().change(world.access, {RecordKind::store, "st1"}, {"B", {}}, world.actor));
  ASSERT_TRUE(world.records().remove(world.access, {RecordKind::store, "st1"}, world.actor));
  std::map<std::string, int> types;
  for (const Json& delivery : world.all(Collection::webhook_deliveries)) {
    ++types[delivery.string_at("type").value()];
  }
  EXPECT_EQ(
      types,
      (std::map<std::string, int>{
          {"sale.created", 2}, {"store.created", 2}, {"store.updated", 2}, {"store.deleted", 2}}));
}

TEST(Deliveries, NobodyHearsOfAnotherTenantNorThroughAnInactiveWebhook) {
  DeliveryWorld world;
  const std::string id = world.hook();
  ASSERT_TRUE(world.webhooks->change({world.own, id}, {.is_active = false}, world.actor));
  const WebhookOwner other =
      WebhookOwner::of(Caller::of_tenant("till", tenant_id("tenant_2"))
                           .access(tenant_id("tenant_2"), Permission::tenants_update)
                           .value());
  ASSERT_TRUE(world.webhooks->add(other, {"https://x.example/", {"*"}, {}}, world.actor));
  ASSERT_TRUE(world.webhooks->add(WebhookOwner::provider(), {"https://x.example/", {"*"}, {}},
                                  world.actor));
  world.sale("s1");
  EXPECT_TRUE(world.all(Collection::webhook_deliveries).empty());
}

TEST(Deliveries, OrderIsThatOfTheFactsAlsoWhenTheClockGoesBack) {
  DeliveryWorld world;
  world.hook();
  world.sale("s1");
  world.sale("s2");
  world.clock.advance(std::chrono::hours{-5});
  world.sale("s3");
  world.clock.advance(std::chrono::hours{5});
  for (const char* id : {"s1", "s2", "s3"}) {
    const Attempt attempt = world.must_claim();
    EXPECT_EQ(DeliveryWorld::sale_of(attempt), id);
    world.end(attempt, 204);
  }
  EXPECT_FALSE(world.claim());
}

TEST(Deliveries, ATestGoesToTheOneWebhookWhateverItWants) {
  DeliveryWorld world;
  const std::string id = world.hook({"store.*"});
  world.hook();
  const Json shown = world.deliveries->test(world.own, id).value();
  EXPECT_EQ(shown.string_at("type"), "webhook.test");
  EXPECT_EQ(world.only_delivery().string_at("webhook_id"), id);
  EXPECT_EQ(world.must_claim().delivery.id, shown.string_at("delivery_id"));
  expect_error(world.deliveries->test(world.own, "nobody"), ErrorCode::not_found);
  ASSERT_TRUE(world.webhooks->change({world.own, id}, {.is_active = false}, world.actor));
  expect_error(world.deliveries->test(world.own, id), ErrorCode::conflict);
}

TEST(Deliveries, ListShowsTheNewestFirstByStatus) {
  DeliveryWorld world;
  const std::string id = world.hook();
  for (const char* sale : {"s1", "s2", "s3"}) world.sale(sale);
  world.end(world.must_claim(), 200);
  const auto list = [&](DeliveryQuery query) {
    return world.deliveries->list({world.own, id}, query).value();
  };
  EXPECT_EQ(list({}).total, 3);
  const DeliveryPage waiting = list({.status = "waiting", .limit = 1});
  EXPECT_EQ(waiting.total, 2);
  ASSERT_EQ(waiting.deliveries.size(), 1U);
  EXPECT_EQ(waiting.deliveries[0].find("payload"), nullptr);
  EXPECT_EQ(list({.status = "delivered"}).deliveries.at(0).integer_at("last_status"), 200);
  EXPECT_EQ(list({.status = "waiting,delivered"}).total, 3);
  EXPECT_EQ(list({.status = "waiting,given_up"}).total, 2);
  EXPECT_EQ(list({.sort = "status"}).deliveries.at(0).string_at("status"), "delivered");
  EXPECT_EQ(list({.sort = "-status"}).deliveries.at(2).string_at("status"), "delivered");
  for (const std::string_view field : kDeliverySorts)
    EXPECT_EQ(list({.sort = std::string{field}}).total, 3) << field;
  expect_error(world.deliveries->list({world.own, "nobody"}, {}), ErrorCode::not_found);
}

TEST(Deliveries, ReplaySendsWhatWasGivenUpInItsOrderUnderItsIds) {
  DeliveryWorld world;
  const std::string id = world.hook();
  world.sale("s1");
  world.sale("s2");
  const Attempt first = world.must_claim();
  world.end(first, 410);
  EXPECT_FALSE(world.claim());  // the rest is given up
  expect_error(world.deliveries->replay({world.own, id}, {}, world.actor), ErrorCode::conflict);
  ASSERT_TRUE(world.webhooks->change({world.own, id}, {.is_active = true}, world.actor));
  world.sale("s3");
  const Replayed replayed = world.deliveries->replay({world.own, id}, {}, world.actor).value();
  EXPECT_EQ(replayed.count, 2);
  EXPECT_FALSE(replayed.more);
  for (const char* sale : {"s1", "s2", "s3"}) {
    const Attempt attempt = world.must_claim();
    EXPECT_EQ(DeliveryWorld::sale_of(attempt), sale);
    if (sale == std::string_view{"s1"}) {
      EXPECT_EQ(attempt.delivery.id, first.delivery.id);
      EXPECT_EQ(attempt.delivery.attempts, 2);
    }
    world.end(attempt, 200);
  }
  EXPECT_EQ(world.audits("webhook.replayed").size(), 1U);
}

TEST(Deliveries, ReplayOfOneWorksWhateverBecameOfIt) {
  DeliveryWorld world;
  const std::string id = world.hook();
  world.sale("s1");
  Attempt attempt = world.must_claim();
  const ReplayRequest one{attempt.delivery.id, {}};
  expect_error(world.deliveries->replay({world.own, id}, one, world.actor), ErrorCode::conflict);
  world.end(attempt, 500);
  EXPECT_FALSE(world.claim());  // waits for its retry
  EXPECT_EQ(world.deliveries->replay({world.own, id}, one, world.actor).value().count, 1);
  attempt = world.must_claim();
  EXPECT_EQ(attempt.delivery.attempts, 2);
  world.end(attempt, 200);
  EXPECT_TRUE(world.deliveries->replay({world.own, id}, one, world.actor));
  world.end(world.must_claim(), 200);
  EXPECT_FALSE(world.claim());
  for (const char* other : {"msg_nobody", "../x", ""}) {
    if (*other == '\0') continue;
    expect_error(world.deliveries->replay({world.own, id}, {other, {}}, world.actor),
                 ErrorCode::not_found);
  }
  const std::string second = world.hook();
  expect_error(world.deliveries->replay({world.own, second}, one, world.actor),
               ErrorCode::not_found);
}

TEST(Deliveries, ReplaySinceLeavesOlderOnes) {
  DeliveryWorld world;
  const std::string id = world.hook();
  world.sale("s1");
  world.clock.advance(std::chrono::hours{1});
  world.sale("s2");
  world.end(world.must_claim(), 410);
  EXPECT_FALSE(world.claim());
  ASSERT_TRUE(world.webhooks->change({world.own, id}, {.is_active = true}, world.actor));
  const ReplayRequest since{"", world.clock.now()};
  EXPECT_EQ(world.deliveries->replay({world.own, id}, since, world.actor).value().count, 1);
  EXPECT_EQ(DeliveryWorld::sale_of(world.must_claim()), "s2");
}

TEST(Deliveries, AreForgottenAfterTheirTimeAndNotBefore) {
  DeliveryWorld world;
  world.hook();
  world.hook({"sale.created"});
  world.sale("s1");
  world.end(world.must_claim(), 200);
  world.end(world.must_claim(), 410);
  world.sale("s2");  // waits for the first webhook and is never forgotten
  const auto forget = [&] { return world.deliveries->forget(world.clock.now()).value().done; };
  world.clock.advance(Deliveries::kDeliveredKept);
  EXPECT_EQ(forget(), 0);
  world.clock.advance(Milliseconds{1});
  EXPECT_EQ(forget(), 1);
  world.clock.advance(Deliveries::kGivenUpKept);
  EXPECT_EQ(forget(), 1);
  EXPECT_EQ(world.only_delivery().string_at("status"), "waiting");
}

TEST(Deliveries, ListenerIsToldWhenSomethingMayBeDue) {
  DeliveryWorld world;
  int told = 0;
  world.deliveries->set_listener([&told] { ++told; });
  const std::string id = world.hook();
  world.sale("s1");
  EXPECT_EQ(told, 1);
  ASSERT_TRUE(world.deliveries->test(world.own, id));
  EXPECT_EQ(told, 2);
  ASSERT_TRUE(world.webhooks->change({world.own, id}, {.is_active = false}, world.actor));
  EXPECT_EQ(told, 3);
  world.deliveries->set_listener({});
  ASSERT_TRUE(world.webhooks->change({world.own, id}, {.is_active = true}, world.actor));
  EXPECT_EQ(told, 3);
}

}  // namespace
}  // namespace metergate
