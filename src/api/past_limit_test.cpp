// The routes that still answer a tenant over a hard limit.
#include <gtest/gtest.h>

#include "api/testing/api_world_test.h"
#include "service/testing/plan_text_test.h"

namespace metergate::api {
namespace {

const std::string kHardPlans =
    catalogue_of({{.name = "basic",
                   .api_calls = "3",
                   .webhooks = "5",
                   .more = "[plan.effects]\napi_calls = \"hard\""},
                  {.name = "free",
                   .api_calls = "3",
                   .webhooks = "5",
                   .more = "[plan.request_rate]\nper_second = 1\nburst = 1"}});

class PastLimit : public testing::Test {
 protected:
  int ask_as(std::string_view tenant, const std::string& line) {
    const auto response =
        api::ask(*dispatcher_, request_for(line, world_.tenant_token(std::string{tenant})));
    EXPECT_TRUE(response) << line;
    return response ? response->status : 0;
  }
  std::int64_t billed() { return world_.counter("tenant_1").calls.count; }
  void use_it_up() {
    for (int i = 0; i < 3; ++i) EXPECT_EQ(ask_as("tenant_1", kStores), 200);
    EXPECT_EQ(ask_as("tenant_1", kStores), 429);
    ASSERT_EQ(billed(), 3);
  }
  const std::string kStores = "GET /api/tenants/tenant_1/stores";
  ApiWorld world_{kHardPlans};
  std::unique_ptr<Dispatcher> dispatcher_ =
      Dispatcher::create(all_routes(), world_.services).value();
};

TEST_F(PastLimit, AHardLimitHidesNoUsageFromItsTenant) {
  use_it_up();
  const std::string of_t1 = "GET /api/tenants/tenant_1/";
  for (const char* path :
       {"usage", "usage?period=2026-03", "usage/api_calls", "usage/storage_gb", "webhooks"}) {
    EXPECT_EQ(ask_as("tenant_1", of_t1 + path), 200) << path;
  }
  EXPECT_EQ(ask_as("tenant_1", "HEAD /api/tenants/tenant_1/usage"), 200);
  EXPECT_EQ(ask_as("tenant_1", of_t1 + "usage/nothing"), 404);
  EXPECT_EQ(ask_as("tenant_1", of_t1 + "webhooks/none"), 404);
  EXPECT_EQ(ask_as("tenant_1", of_t1 + "webhooks/none/deliveries"), 404);
  EXPECT_EQ(billed(), 3) << "what passes a hard limit is not billed";
  EXPECT_EQ(world_.all(Collection::api_calls).size(), 13U) << "and is recorded";
}

TEST_F(PastLimit, NothingElseIsAnswered) {
  use_it_up();
  for (const char* line :
       {"POST /api/tenants/tenant_1/webhooks", "DELETE /api/tenants/tenant_1/webhooks/w",
        "POST /api/tenants/tenant_1/webhooks/w/test", "GET /api/tenants/tenant_1/devices",
        "GET /api/tenants/tenant_1/sales", "GET /api/tenants/tenant_1/usage/a/b",
        "POST /api/tenants/tenant_1/usage"}) {
    EXPECT_EQ(ask_as("tenant_1", line), 429) << line;
  }
}

TEST_F(PastLimit, BelowTheLimitUsageIsACallLikeAnyOther) {
  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(ask_as("tenant_1", "GET /api/tenants/tenant_1/usage"), 200);
    EXPECT_EQ(billed(), i);
  }
  EXPECT_EQ(ask_as("tenant_1", "GET /api/tenants/tenant_1/usage"), 200);
  EXPECT_EQ(billed(), 3);
}

TEST_F(PastLimit, ARequestRateHoldsForUsageToo) {
  EXPECT_EQ(ask_as("tenant_2", "GET /api/tenants/tenant_2/usage"), 200);
  EXPECT_EQ(ask_as("tenant_2", "GET /api/tenants/tenant_2/usage"), 429);
  world_.clock.advance(std::chrono::seconds{1});
  EXPECT_EQ(ask_as("tenant_2", "GET /api/tenants/tenant_2/usage"), 200);
}

}  // namespace
}  // namespace metergate::api
