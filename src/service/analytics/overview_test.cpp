#include "service/analytics/overview.h"

#include <gtest/gtest.h>

#include "service/testing/services_world_test.h"

namespace metergate {
namespace {

Result<OverviewResult> overview_of(ServicesWorld& world, std::optional<Period> period) {
  return Overview(*world.store, world.billing, world.analytics).of(period);
}

TEST(Overview, OfNobodyIsEmptyAndWhole) {
  ServicesWorld world;
  const Json json = overview_json(must(overview_of(world, std::nullopt)));
  EXPECT_EQ(json.find("tenants")->integer_at("total"), 0);
  EXPECT_TRUE(json.find("top_by_cost")->as_array().empty());
  EXPECT_TRUE(json.find("top_by_utilization")->as_array().empty());
  EXPECT_EQ(json.find("usage_trend")->as_array().size(), 13U);
  EXPECT_EQ(json.find("alerts")->integer_at("open"), 0);
}

TEST(Overview, NamesAtMostFiveAndThoseFirstWhoseCostCannotBeMade) {
  ServicesWorld world;
  for (const char* id : {"a", "b", "c", "d", "e", "f", "g"}) {
    world.add(id, "free");
    world.calls(id, "2026-03-02", 10'000 + 1'000 * (id[0] - 'a'));
  }
  world.stores("c", "2026-03-02T00:00:00Z", 1'000'000'000'000'000);
  const Json json = overview_json(must(overview_of(world, period("2026-03"))));
  std::string dear;
  for (const Json& one : json.find("top_by_cost")->as_array()) dear += *one.string_at("tenant_id");
  EXPECT_EQ(dear, "cgfed");
  const Json& first = json.find("top_by_cost")->as_array()[0];
  EXPECT_TRUE(first.find("overage_cost")->is_null());
  EXPECT_TRUE(first.string_at("billing_error")->starts_with("stores_count: "));
  EXPECT_EQ(json.integer_at("tenants_with_errors"), 1);
  EXPECT_EQ(to_text(*json.find("total_overage_cost")), "19.00");
  EXPECT_EQ(json.find("top_by_utilization")->as_array().size(), 5U);
}

TEST(Overview, OfAClosedMonthIsAsItWasFrozen) {
  ServicesWorld world;
  world.add("a", "free");
  world.calls("a", "2026-02-02", 12'000);
  must(world.reporting.make(period("2026-02")));
  world.change_plan("a", "enterprise");
  const Json json = overview_json(must(overview_of(world, period("2026-02"))));
  EXPECT_EQ(json.bool_at("closed"), true);
  EXPECT_EQ(to_text(*json.find("total_overage_cost")), "2.00");
  EXPECT_EQ(to_text(*json.find("tenants")->find("by_plan")), R"({"free":1})");
  EXPECT_EQ(json.find("usage_trend")->as_array().back().string_at("period"), "2026-02");
}

}  // namespace
}  // namespace metergate
