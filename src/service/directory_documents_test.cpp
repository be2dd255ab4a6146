#include "service/directory_documents.h"

#include "service/core_world_test.h"

namespace metergate {
namespace {

using namespace core_world;

Result<LimitsOverride> parsed(std::string_view json) { return parse_override(*parse_json(json)); }

TEST(DirectoryDocuments, OverrideNamesOnlyWhatItSets) {
  const auto own =
      parsed(R"({"max_stores":7,"max_api_calls_per_month":null,"max_storage_gb":1.5})");
  ASSERT_TRUE(own);
  EXPECT_EQ((*own)[Meter::stores_count]->units, 7);
  ASSERT_TRUE((*own)[Meter::api_calls]);
  EXPECT_FALSE((*own)[Meter::api_calls]->units);
  EXPECT_EQ((*own)[Meter::storage_gb]->units, 3LL << 29);
  EXPECT_FALSE((*own)[Meter::devices_count]);
  EXPECT_EQ(to_text(to_json(*own)),
            R"({"max_stores":7,"max_api_calls_per_month":null,"max_storage_gb":1.5})");
}

TEST(DirectoryDocuments, EmptyOverrideAndNullAreNoOverride) {
  EXPECT_EQ(parsed("{}").value(), LimitsOverride{});
  EXPECT_EQ(parsed("null").value(), LimitsOverride{});
  EXPECT_EQ(to_text(to_json(LimitsOverride{})), "{}");
}

TEST(DirectoryDocuments, EveryFaultOfAnOverrideIsNamed) {
  const auto own = parsed(R"({"max_tills":1,"max_stores":-1,"max_devices":"many"})");
  ASSERT_FALSE(own);
  EXPECT_EQ(own.error().code, ErrorCode::invalid);
  ASSERT_EQ(own.error().faults.size(), 3u);
  EXPECT_EQ(own.error().faults[0].field, "limits_override.max_tills");
  EXPECT_EQ(own.error().faults[1].field, "limits_override.max_stores");
  EXPECT_EQ(own.error().faults[2].field, "limits_override.max_devices");
  EXPECT_FALSE(parsed("[]"));
  EXPECT_FALSE(parsed("7"));
}

TEST(DirectoryDocuments, DamagedDocumentIsCorruptAndNamesTheTenant) {
  TestWorld world;
  const DocumentKey key = directory_key(tenant_id("tenant_1"));
  const Json tenant = *world.store->get(Collection::tenants, key).value();
  for (const std::string_view member : {"tenant_id", "name", "status", "created_at"}) {
    Json damaged = tenant;
    damaged.remove(member);
    const auto read = tenant_from(damaged);
    ASSERT_FALSE(read) << member;
    EXPECT_EQ(read.error().code, ErrorCode::corrupt);
  }
  const Json subscription = *world.store->get(Collection::subscriptions, key).value();
  ASSERT_TRUE(subscription_from(subscription));
  for (const std::string_view member :
       {"tenant_id", "status", "start", "limits_override", "history"}) {
    Json damaged = subscription;
    damaged.remove(member);
    EXPECT_FALSE(subscription_from(damaged)) << member;
  }
  Json bad_span = subscription;
  bad_span.set("history", Json(Json::Array{Json::object({{"plan", "free"}})}));
  const auto read = subscription_from(bad_span);
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message.find("'tenant_1'"), std::string::npos);
}

}  // namespace
}  // namespace metergate
