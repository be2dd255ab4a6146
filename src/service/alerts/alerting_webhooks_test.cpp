// The recipients and contents of alert webhooks.
#include <gtest/gtest.h>

#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

class AlertingWebhooksTest : public testing::Test {
 protected:
  AlertingWebhooksTest() {
    world_.add("a", "free");  // 10,000 calls
    must(world_.webhook_book->add(WebhookOwner::provider(),
                                  {"https://noc.example/", {"alert.*"}, {}}, world_.actor));
    must(world_.webhook_book->add(tenants(), {"https://a.example/", {"usage.limit_exceeded"}, {}},
                                  world_.actor));
  }
  static WebhookOwner tenants() {
    return WebhookOwner::of(must(
        Caller::of_tenant("till", tenant("a")).access(tenant("a"), Permission::tenants_update)));
  }
  void pass_the_limit(std::int64_t calls = 10'001) {
    world_.calls("a", "2026-03-09", calls);
    must(world_.alerting.watch_step());
  }
  // The types sent since the last call, in order: "alert.opened usage.limit_exceeded ".
  std::string told() {
    std::string types;
    while (const auto attempt = must(world_.deliveries->claim(world_.clock.now()))) {
      types += attempt->delivery.type + " ";
      last_ = must(parse_json(attempt->delivery.payload));
      AttemptOutcome outcome;
      outcome.end = AttemptEnd::answered;
      outcome.status = 204;
      must(world_.deliveries->record(*attempt, outcome));
    }
    return types;
  }
  const Json& data() const { return *last_.find("data"); }

  ServicesWorld world_;
  Json last_;
  const std::string id_ = "alert-2026-03-a";
};

TEST_F(AlertingWebhooksTest, OpeningIsToldToBothInTheBatchOfTheAlert) {
  world_.calls("a", "2026-03-09", 10'001);
  const Sequence before = world_.store->head();
  must(world_.alerting.watch_step());
  EXPECT_EQ(world_.store->head(), before + 1);
  EXPECT_EQ(world_.documents(Collection::webhook_deliveries).size(), 2U);
  EXPECT_EQ(told(), "alert.opened usage.limit_exceeded ");
}

TEST_F(AlertingWebhooksTest, TenantIsToldItsFiguresAndNotWhatPeopleDo) {
  pass_the_limit();
  told();
  EXPECT_EQ(last_.string_at("type"), "usage.limit_exceeded");
  EXPECT_EQ(data().string_at("tenant_id"), "a");
  EXPECT_EQ(data().string_at("period"), "2026-03");
  EXPECT_NE(to_text(*data().find("metadata")).find("\"usage\":10001"), std::string::npos);
  EXPECT_EQ(data().find("acknowledged_by"), nullptr);
  must(world_.alerting.acknowledge(id_, "", world_.actor));
  EXPECT_EQ(told(), "alert.acknowledged ");
  must(world_.alerting.resolve(id_, "spoken to", world_.actor));
  EXPECT_EQ(told(), "alert.resolved ");
  EXPECT_EQ(data().string_at("resolution_reason"), "spoken to");
}

TEST_F(AlertingWebhooksTest, MoreOverageIsNoNews) {
  pass_the_limit();
  told();
  world_.clock.advance(Milliseconds{60'000});
  pass_the_limit(500);
  EXPECT_EQ(told(), "");
}

TEST_F(AlertingWebhooksTest, OpeningAgainIsToldAgain) {
  pass_the_limit();
  must(world_.alerting.resolve(id_, "spoken to", world_.actor));
  told();
  world_.clock.advance(Milliseconds{60'000});
  pass_the_limit(1000);
  EXPECT_EQ(told(), "alert.opened usage.limit_exceeded ");
}

TEST_F(AlertingWebhooksTest, PlanChangeThatEndsItIsToldToTheProvider) {
  pass_the_limit();
  told();
  world_.change_plan("a", "enterprise");
  must(world_.alerting.evaluate({tenant("a"), period("2026-03")}));
  EXPECT_EQ(told(), "alert.resolved ");
}

TEST_F(AlertingWebhooksTest, RefusedChangeIsToldToNobody) {
  pass_the_limit();
  told();
  must(world_.alerting.acknowledge(id_, "", world_.actor));
  told();
  EXPECT_FALSE(world_.alerting.acknowledge(id_, "", world_.actor));
  EXPECT_FALSE(world_.alerting.resolve(id_, "x", world_.actor));
  EXPECT_EQ(told(), "");
}

}  // namespace
}  // namespace metergate
