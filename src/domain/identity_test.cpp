#include "domain/identity.h"

#include <gtest/gtest.h>

namespace metergate {
namespace {

TenantId tenant(std::string_view text) {
  auto parsed = TenantId::parse(text);
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed.value_or(TenantId{});
}

std::vector<std::string_view> names_of(std::string_view role) {
  const auto permissions = permissions_of_role(role);
  EXPECT_TRUE(permissions.has_value()) << role;
  return permissions ? permissions->names() : std::vector<std::string_view>{};
}

using Names = std::vector<std::string_view>;

TEST(Roles, HaveThePermissionsOfTheTable) {
  EXPECT_EQ(permissions_of_role("Provider-Admin"), Permissions::all());
  EXPECT_EQ(names_of("NOC"),
            (Names{"billing.read", "alerts.read", "alerts.update", "tenants.read"}));
  EXPECT_EQ(names_of("Billing-Ops"), (Names{"billing.read", "billing.update", "reports.read",
                                            "alerts.read", "tenants.read", "tenants.update"}));
  EXPECT_EQ(names_of("Read-Only"), (Names{"billing.read", "reports.read", "alerts.read",
                                          "tenants.read", "audits.read", "events.read"}));
}

TEST(Roles, ReadOnlyHasEveryReadAndNothingElse) {
  for (const PermissionRow& row : kPermissions)
    EXPECT_EQ(permissions_of_role("Read-Only")->has(row.permission), row.name.ends_with(".read"))
        << row.name;
}

TEST(Roles, UnknownOnesAreRefusedAndKnownOnesNamed) {
  EXPECT_EQ(permissions_of_role("noc"), std::nullopt);
  EXPECT_EQ(permissions_of_role(""), std::nullopt);
  EXPECT_EQ(role_names_text(), "Provider-Admin, NOC, Billing-Ops, Read-Only");
}

TEST(Permissions, AreAddedByName) {
  Permissions permissions;
  EXPECT_TRUE(permissions.is_empty());
  EXPECT_TRUE(permissions.add("events.write"));
  EXPECT_TRUE(permissions.has(Permission::events_write));
  EXPECT_FALSE(permissions.has(Permission::billing_read));
  EXPECT_FALSE(permissions.add("events.*"));
  EXPECT_FALSE(permissions.add(""));
  EXPECT_EQ(permissions.names(), Names{"events.write"});
  EXPECT_TRUE(permissions.add("*"));
  EXPECT_EQ(permissions, Permissions::all());
  EXPECT_EQ(permissions.names().size(), kPermissions.size());
}

TEST(Access, ATenantReachesItsOwnDataWhateverTheProviderWouldNeed) {
  const Caller caller = Caller::of_tenant("user-1", tenant("acme"));
  const auto access = caller.access(tenant("acme"), Permission::users_manage);
  ASSERT_TRUE(access.has_value());
  EXPECT_EQ(access->tenant(), tenant("acme"));
  EXPECT_FALSE(access->is_provider());
  EXPECT_EQ(caller.scope(), Scope::tenant);
  EXPECT_TRUE(caller.permissions().is_empty());
}

TEST(Access, ATenantNeverReachesAnother) {
  const Caller caller = Caller::of_tenant("user-1", tenant("acme"));
  for (const char* other : {"acme2", "Acme", "ACME", "other"}) {
    const auto access = caller.access(tenant(other), Permission::billing_read);
    ASSERT_FALSE(access.has_value()) << other;
    EXPECT_EQ(access.error().code, ErrorCode::permission);
    EXPECT_EQ(access.error().message, kNoPermission);
  }
}

TEST(Access, AProviderNeedsThePermission) {
  Permissions permissions;
  permissions.add(Permission::tenants_read);
  const Caller caller = Caller::provider("ops", permissions);
  const auto access = caller.access(tenant("acme"), Permission::tenants_read);
  ASSERT_TRUE(access.has_value());
  EXPECT_TRUE(access->is_provider());
  EXPECT_EQ(caller.scope(), Scope::provider);
  const auto refused = caller.access(tenant("acme"), Permission::tenants_update);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::permission);
}

}  // namespace
}  // namespace metergate
