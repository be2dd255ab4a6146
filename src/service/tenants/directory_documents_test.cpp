#include "service/tenants/directory_documents.h"

#include "service/testing/core_world_test.h"

namespace metergate {
namespace {

using namespace core_world;

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
