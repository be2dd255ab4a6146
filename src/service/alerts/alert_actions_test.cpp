// Acknowledging and resolving alerts.
#include <gtest/gtest.h>

#include "service/alerts/alerting.h"
#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

class AlertActions : public testing::Test {
 protected:
  AlertActions() {
    world_.add("a", "free");
    world_.calls("a", "2026-03-09", 10'001);
    must(world_.alerting.watch_step());
  }
  ServicesWorld world_;
  const std::string id_ = "alert-2026-03-a";
};

TEST_F(AlertActions, AReasonOfAcknowledgingIsOptionalAndKept) {
  const Json without = must(world_.alerting.get(id_));
  EXPECT_EQ(without.find("acknowledge_reason"), nullptr);
  const Json acknowledged =
      must(world_.alerting.acknowledge(id_, "They were told on Monday", world_.actor));
  EXPECT_EQ(acknowledged.string_at("acknowledge_reason"), "They were told on Monday");
  Query query;
  query.collection = Collection::provider_audits;
  query.filter = Filter::equal("action", std::string{"alert.acknowledged"});
  EXPECT_EQ(must(world_.store->find(query)).at(0).string_at("reason"), "They were told on Monday");
  // The reason stays until the alert reopens.
  must(world_.alerting.resolve(id_, "They paid", world_.actor));
  EXPECT_EQ(must(world_.alerting.get(id_)).string_at("acknowledge_reason"),
            "They were told on Monday");
  world_.clock.advance(Milliseconds{60'000});
  world_.calls("a", "2026-03-09", 2'000);
  must(world_.alerting.watch_step());
  EXPECT_EQ(must(world_.alerting.get(id_)).find("acknowledge_reason"), nullptr);
}

TEST_F(AlertActions, AReasonThatSaysNothingIsRefused) {
  for (const std::string& reason : {std::string{"no"}, std::string{"   "}, std::string(501, 'x')}) {
    const auto refused = world_.alerting.acknowledge(id_, reason, world_.actor);
    ASSERT_FALSE(refused) << reason;
    EXPECT_EQ(refused.error().code, ErrorCode::invalid);
    EXPECT_EQ(refused.error().faults.at(0).field, "reason");
  }
  EXPECT_EQ(must(world_.alerting.get(id_)).string_at("status"), "open");
}

}  // namespace
}  // namespace metergate
