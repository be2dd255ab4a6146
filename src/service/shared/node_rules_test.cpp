#include "service/shared/node_rules.h"

#include <gtest/gtest.h>

#include "storage/engine/memory_store.h"

namespace metergate {
namespace {

TEST(NodeRules, TheFirstNodesRulesHoldForAll) {
  const auto store = make_memory_store(TimeZone::utc());
  BillingRules rules;
  EXPECT_TRUE(check_node_rules(*store, rules, Timestamp{}));
  EXPECT_TRUE(check_node_rules(*store, rules, Timestamp{}));
  EXPECT_EQ(store->head(), 1U);
}

TEST(NodeRules, ANodeThatDiffersIsToldInWhat) {
  const auto store = make_memory_store(TimeZone::utc());
  BillingRules rules;
  ASSERT_TRUE(check_node_rules(*store, rules, Timestamp{}));
  rules.grace = std::chrono::hours{24};
  const Result<> refused = check_node_rules(*store, rules, Timestamp{});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid);
  EXPECT_EQ(refused.error().message,
            "BILLING_GRACE_HOURS is 24 here, and 72 on the nodes of this database, whose answers "
            "and periods rest on it: set it to that here too");
}

TEST(NodeRules, AFormulaCountsAsWell) {
  const auto store = make_memory_store(TimeZone::utc());
  BillingRules rules;
  ASSERT_TRUE(check_node_rules(*store, rules, Timestamp{}));
  rules.storage.bytes_per_sale += 1;
  EXPECT_FALSE(check_node_rules(*store, rules, Timestamp{}));
}

}  // namespace
}  // namespace metergate
