#include "domain/identity.h"

#include <algorithm>

namespace metergate {
namespace {

struct RoleRow {
  std::string_view name;
  std::string_view permissions;  // names with spaces between; "*" is all
};

constexpr std::array<RoleRow, 4> kRoles = {{
    {"Provider-Admin", "*"},
    {"NOC", "billing.read tenants.read alerts.read alerts.update"},
    {"Billing-Ops",
     "billing.read billing.update reports.read tenants.read tenants.update alerts.read"},
    {"Read-Only", "billing.read reports.read alerts.read tenants.read audits.read"},
}};

Permissions parse_permissions(std::string_view names) {
  Permissions permissions;
  while (!names.empty()) {
    const std::size_t end = std::min(names.find(' '), names.size());
    permissions.add(names.substr(0, end));
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return permissions;
}

}  // namespace

Permissions Permissions::all() {
  Permissions permissions;
  for (const PermissionRow& row : kPermissions) permissions.add(row.permission);
  return permissions;
}

bool Permissions::add(std::string_view name) {
  if (name == "*") {
    add(all());
    return true;
  }
  const auto row = std::ranges::find(kPermissions, name, &PermissionRow::name);
  if (row == kPermissions.end()) return false;
  add(row->permission);
  return true;
}

std::vector<std::string_view> Permissions::names() const {
  std::vector<std::string_view> names;
  for (const PermissionRow& row : kPermissions)
    if (has(row.permission)) names.push_back(row.name);
  return names;
}

std::optional<Permissions> permissions_of_role(std::string_view role) {
  const auto row = std::ranges::find(kRoles, role, &RoleRow::name);
  if (row == kRoles.end()) return std::nullopt;
  return parse_permissions(row->permissions);
}

std::vector<std::string_view> all_role_names() {
  std::vector<std::string_view> names;
  for (const RoleRow& row : kRoles) names.push_back(row.name);
  return names;
}

std::string role_names_text() {
  std::string text;
  for (const RoleRow& row : kRoles) {
    if (!text.empty()) text += ", ";
    text += row.name;
  }
  return text;
}

Caller Caller::provider(std::string actor, Permissions permissions) {
  return Caller{std::move(actor), permissions, std::nullopt};
}

Caller Caller::of_tenant(std::string actor, TenantId tenant) {
  return Caller{std::move(actor), Permissions{}, std::move(tenant)};
}

Result<TenantAccess> Caller::access(const TenantId& tenant, Permission needed_by_provider) const {
  if (tenant_ && *tenant_ == tenant) return TenantAccess{tenant, false};
  if (!tenant_ && may(needed_by_provider)) return TenantAccess{tenant, true};
  return refuse_for_want_of(needed_by_provider);
}

std::string_view name_of(Permission permission) {
  const auto row = std::ranges::find(kPermissions, permission, &PermissionRow::permission);
  return row == kPermissions.end() ? std::string_view{} : row->name;
}

std::unexpected<Error> refuse_for_want_of(Permission permission) {
  Error error{ErrorCode::permission, std::string{kNoPermission}};
  error.required = name_of(permission);
  return fail(std::move(error));
}

Result<> check_rights(Permissions own, Permissions granted) {
  Permissions missing = granted;
  missing.remove(own);
  if (missing.is_empty()) return {};
  Error error{ErrorCode::permission, std::string{kNoPermission}};
  if (granted == Permissions::all()) {
    error.required = "*";
    return fail(std::move(error));
  }
  for (const std::string_view name : missing.names()) {
    if (!error.required.empty()) error.required += ' ';
    error.required += name;
  }
  return fail(std::move(error));
}

}  // namespace metergate
