#include "calls/metered_call.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "service/testing/plan_text_test.h"
#include "service/testing/services_world_test.h"

namespace metergate::calls {
namespace {

class MeteredCalls : public testing::Test {
 protected:
  MeteredCalls() { world_.add("t1", "tight"); }

  TenantAdmission admitted(const Caller& caller) {
    TenantAdmission admission;
    must(admit_to_tenant(caller, {.tenant = "t1", .needed = Permission::tenants_read},
                         *world_.directory, admission));
    return admission;
  }
  TenantAdmission of_tenant() { return admitted(Caller::of_tenant("till", tenant("t1"))); }
  Result<> record(MeteredCall& call, const TenantAdmission& admission, bool is_billable = true) {
    ApiCall fact;
    fact.method = "GET";
    fact.endpoint = "GET /x";
    fact.path = "/x";
    fact.status = 200;
    return call.record(admission, std::move(fact), is_billable);
  }
  std::vector<bool> billed() {
    std::vector<bool> all;
    for (const Json& call : world_.documents(Collection::api_calls))
      all.push_back(call.bool_at("billable").value());
    return all;
  }
  std::string limit_field(const MeteredCall& call) {
    std::vector<http::Header> fields;
    call.append_standing(fields);
    const auto found = std::ranges::find(fields, "RateLimit", &http::Header::first);
    return found == fields.end() ? "" : found->second;
  }

  ServicesWorld world_{
      {},
      "2026-03-10T12:00:00Z",
      catalogue_of(
          {{.name = "tight", .api_calls = "2", .more = "[plan.effects]\napi_calls = \"hard\""}})};
};

TEST_F(MeteredCalls, RecordsATenantsCallOnceAndTellsWhatIsLeft) {
  const TenantAdmission tenant = of_tenant();
  MeteredCall call{world_.services};
  ASSERT_TRUE(call.admit(tenant));
  EXPECT_TRUE(limit_field(call).starts_with("\"api_calls\";r=1;")) << limit_field(call);
  ASSERT_TRUE(record(call, tenant));
  const std::vector<Json> calls = world_.documents(Collection::api_calls);
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(calls.front().string_at("tenant_id"), "t1");
  EXPECT_EQ(billed(), std::vector{true});
}

TEST_F(MeteredCalls, DoesNotBillTheProvidersCallsNorTellThemALimit) {
  const TenantAdmission provider = admitted(Caller::provider("ann", Permissions::all()));
  MeteredCall call{world_.services};
  ASSERT_TRUE(call.admit(provider));
  EXPECT_EQ(limit_field(call), "");
  ASSERT_TRUE(record(call, provider));
  EXPECT_EQ(billed(), std::vector{false});
}

TEST_F(MeteredCalls, RefusesBeyondAHardLimitAndRecordsTheRefusalUnbilled) {
  const TenantAdmission tenant = of_tenant();
  MeteredCall first{world_.services};
  MeteredCall second{world_.services};
  MeteredCall third{world_.services};
  ASSERT_TRUE(first.admit(tenant));
  ASSERT_TRUE(second.admit(tenant));
  const Result<> refused = third.admit(tenant);
  ASSERT_FALSE(refused) << "two are under way and have the places";
  EXPECT_EQ(refused.error().code, ErrorCode::limit_exceeded);
  ASSERT_TRUE(record(third, tenant));
  EXPECT_EQ(billed(), std::vector{false});
}

TEST_F(MeteredCalls, LetsARouteThatTellsOfTheLimitThroughUnbilled) {
  const TenantAdmission tenant = of_tenant();
  MeteredCall first{world_.services};
  MeteredCall second{world_.services};
  ASSERT_TRUE(first.admit(tenant));
  ASSERT_TRUE(second.admit(tenant));
  MeteredCall third{world_.services};
  ASSERT_TRUE(third.admit(tenant, Enforcement::PastLimit::let_through));
  ASSERT_TRUE(record(third, tenant));
  EXPECT_EQ(billed(), std::vector{false});
}

TEST_F(MeteredCalls, BillsNeitherASuspendedTenantNorWhatTheDoorDoesNotBill) {
  TenantAdmission suspended = of_tenant();
  suspended.is_suspended = true;
  MeteredCall first{world_.services};
  ASSERT_TRUE(record(first, suspended));
  MeteredCall second{world_.services};
  ASSERT_TRUE(record(second, of_tenant(), false));
  EXPECT_EQ(billed(), (std::vector{false, false}));
}

TEST_F(MeteredCalls, AdmitsAndRecordsNothingForACallThatIsNotMetered) {
  MeteredCall call{world_.services};
  EXPECT_TRUE(call.admit({}));
  EXPECT_TRUE(record(call, {}));
  EXPECT_TRUE(billed().empty());
}

}  // namespace
}  // namespace metergate::calls
