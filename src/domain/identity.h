// Callers and their rights: permissions, roles, and the proof of a right to a tenant's data.
//
// Permissions and roles are two tables. Only Caller::access makes a TenantAccess, and every verb
// that reads or changes one tenant's own data takes one, so that a handler cannot forget the check.
// Values; no threads.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/result.h"

namespace metergate {

enum class Permission : std::uint8_t {
  billing_read,
  billing_update,
  reports_read,
  alerts_read,
  alerts_update,
  tenants_read,
  tenants_update,
  audits_read,
  events_write,
  users_manage,
  events_read
};

struct PermissionRow {
  Permission permission;
  std::string_view name;
};

inline constexpr std::array<PermissionRow, 11> kPermissions = {{
    {Permission::billing_read, "billing.read"},
    {Permission::billing_update, "billing.update"},
    {Permission::reports_read, "reports.read"},
    {Permission::alerts_read, "alerts.read"},
    {Permission::alerts_update, "alerts.update"},
    {Permission::tenants_read, "tenants.read"},
    {Permission::tenants_update, "tenants.update"},
    {Permission::audits_read, "audits.read"},
    {Permission::events_write, "events.write"},
    {Permission::users_manage, "users.manage"},
    {Permission::events_read, "events.read"},
}};

class Permissions {
 public:
  static Permissions all();
  bool has(Permission permission) const { return (bits_ & bit(permission)) != 0; }
  void add(Permission permission) { bits_ |= bit(permission); }
  void add(Permissions others) { bits_ |= others.bits_; }
  void remove(Permissions others) { bits_ &= ~others.bits_; }
  // Adds the permission of that name, or all for "*". False if the name is unknown.
  bool add(std::string_view name);
  bool is_empty() const { return bits_ == 0; }
  std::vector<std::string_view> names() const;
  friend bool operator==(const Permissions&, const Permissions&) = default;

 private:
  static constexpr std::uint32_t bit(Permission permission) {
    return 1U << static_cast<unsigned>(permission);
  }
  std::uint32_t bits_ = 0;
};

// The permissions of "Provider-Admin", "NOC", "Billing-Ops" or "Read-Only" (rules: "Permissions");
// nothing for another name.
std::optional<Permissions> permissions_of_role(std::string_view role);
std::vector<std::string_view> all_role_names();
// The names of all roles, for messages.
std::string role_names_text();

enum class Scope : std::uint8_t { provider, tenant };

// A proven right to one tenant's data.
class TenantAccess {
 public:
  const TenantId& tenant() const { return tenant_; }
  bool is_provider() const {
    return is_provider_;
  }  // the provider acts, not the tenant: not billable

 private:
  friend class Caller;
  TenantAccess(TenantId tenant, bool is_provider)
      : tenant_(std::move(tenant)), is_provider_(is_provider) {}
  TenantId tenant_;
  bool is_provider_;
};

// The sender of an authenticated request. Made by service/access/sessions.
class Caller {
 public:
  static Caller provider(std::string actor, Permissions permissions);
  static Caller of_tenant(std::string actor, TenantId tenant);

  const std::string& actor() const {
    return actor_;
  }  // "sub", "key:ID" …: what an audit record names
  Scope scope() const { return tenant_.has_value() ? Scope::tenant : Scope::provider; }
  const std::optional<TenantId>& tenant() const { return tenant_; }
  bool may(Permission permission) const { return permissions_.has(permission); }
  Permissions permissions() const { return permissions_; }

  // Access for the tenant itself, or for a provider with the permission; ErrorCode::permission for
  // all others, with the same message whether or not the tenant exists.
  Result<TenantAccess> access(const TenantId& tenant, Permission needed_by_provider) const;

 private:
  Caller(std::string actor, Permissions permissions, std::optional<TenantId> tenant)
      : actor_(std::move(actor)), permissions_(permissions), tenant_(std::move(tenant)) {}
  std::string actor_;
  Permissions permissions_;
  std::optional<TenantId> tenant_;
};

// The message for every missing right.
inline constexpr std::string_view kNoPermission = "Insufficient permissions";

std::string_view name_of(Permission permission);
// ErrorCode::permission with kNoPermission and the missing permission.
std::unexpected<Error> refuse_for_want_of(Permission permission);
// ErrorCode::permission, naming the excess, if `granted` contains a permission that `own` lacks:
// rights can be granted, changed or taken away only by someone who has them.
Result<> check_rights(Permissions own, Permissions granted);

}  // namespace metergate
