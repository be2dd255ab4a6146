#include "service/access/admission.h"

#include <array>
#include <vector>

#include "service/testing/core_world_test.h"

namespace metergate {
namespace {

using core_world::tenant_id;

class Admission : public testing::Test {
 protected:
  Result<> admit(const Caller& caller, std::string_view tenant) {
    admission_ = {};
    return admit_to_tenant(caller, {.tenant = tenant, .needed = Permission::tenants_read},
                           *world_.directory, admission_);
  }
  ErrorCode refused(const Caller& caller, std::string_view tenant) {
    const Result<> result = admit(caller, tenant);
    EXPECT_FALSE(result) << tenant;
    return result ? ErrorCode::internal : result.error().code;
  }
  static Caller provider(std::string_view permission) {
    Permissions permissions;
    permissions.add(permission);
    return Caller::provider("ann", permissions);
  }

  core_world::TestWorld world_;
  TenantAdmission admission_;
  Caller tenant_ = Caller::of_tenant("till", tenant_id("tenant_1"));
};

TEST(BearerToken, IsTheOneWordBehindTheScheme) {
  for (const char* value : {"Bearer abc.def", "bearer abc.def", "BEARER abc.def"}) {
    const std::array<std::string_view, 1> values{value};
    EXPECT_EQ(bearer_token(values).value(), "abc.def");
  }
}

TEST(BearerToken, IsRefusedWhereItIsMissingRepeatedOrMalformed) {
  const std::string long_one = "Bearer " + std::string(8 * 1024 + 1, 'a');
  const std::vector<std::vector<std::string_view>> bad = {
      {},          {"Bearer a", "Bearer a"}, {"Bearer"},    {"Bearer "},
      {"Basic a"}, {"Bearer a b"},           {"Bearer  a"}, {long_one}};
  for (const auto& values : bad) {
    const auto token = bearer_token(values);
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().code, ErrorCode::unauthorized);
  }
}

TEST_F(Admission, LetsATenantToItsOwnDataAndMetersIt) {
  ASSERT_TRUE(admit(tenant_, "tenant_1"));
  EXPECT_EQ(admission_.metered->tenant().text(), "tenant_1");
  EXPECT_FALSE(admission_.metered->is_provider());
}

TEST_F(Admission, AnswersAForeignAbsentAndMalformedTenantAlike) {
  EXPECT_EQ(refused(tenant_, "tenant_2"), ErrorCode::permission);
  EXPECT_EQ(refused(tenant_, "tenant_9"), ErrorCode::permission);
  EXPECT_EQ(refused(tenant_, "?"), ErrorCode::permission);
  EXPECT_FALSE(admission_.metered);
}

TEST_F(Admission, TellsAProviderWhatIsWrongOnlyWhereItMayKnow) {
  EXPECT_EQ(refused(provider("billing.read"), "tenant_9"), ErrorCode::permission);
  EXPECT_EQ(refused(provider("tenants.read"), "tenant_9"), ErrorCode::tenant_not_found);
  EXPECT_EQ(refused(provider("tenants.read"), "?"), ErrorCode::invalid);
  ASSERT_TRUE(admit(provider("tenants.read"), "tenant_1"));
  EXPECT_TRUE(admission_.metered->is_provider());
}

TEST_F(Admission, MetersASuspendedTenantThatItRefuses) {
  ASSERT_TRUE(world_.directory->change(
      tenant_id("tenant_1"), {.name = {}, .status = "suspended", .own_limits = {}}, world_.actor));
  EXPECT_EQ(refused(tenant_, "tenant_1"), ErrorCode::permission);
  EXPECT_EQ(admit(tenant_, "tenant_1").error().required, "tenants.read");
  EXPECT_TRUE(admission_.metered);
  EXPECT_TRUE(admit(provider("tenants.read"), "tenant_1"));
}

}  // namespace
}  // namespace metergate
