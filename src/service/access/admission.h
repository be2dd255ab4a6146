// Admission: from an Authorization header to a caller, and from a caller to the right to a tenant's
// data. The rules of who may ask, for every door; no word of HTTP but the header's value.
//
// Functions; any thread.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "domain/identity.h"
#include "service/access/sessions.h"
#include "service/tenants/directory.h"

namespace metergate {

// What is known of the right to a tenant; filled as far as it got, also where the answer is a
// refusal.
struct TenantAdmission {
  // The token is valid for the tenant that is asked for, and there is such a tenant: the request is
  // metered, whatever its answer.
  std::optional<TenantAccess> metered;
  std::optional<TenantAccess> access;
  // Of the tenant that is metered, as it was then.
  std::shared_ptr<const TenantRecord> record;
  // It asks itself, and is refused because it is suspended: what is recorded of it is not billable.
  bool is_suspended = false;
};

struct TenantAsked {
  std::string_view tenant;  // as it stands in the path
  Permission needed;        // by a provider
};

// The values of the Authorization headers, in order: exactly one, "Bearer TOKEN" (RFC 6750, 2.1).
// ErrorCode::unauthorized says what to send.
Result<std::string_view> bearer_token(std::span<const std::string_view> authorizations);

Result<Caller> authenticate(std::span<const std::string_view> authorizations, Sessions& sessions);

// The tenant must be there, for whoever may know; and must not be suspended, for itself. `needed`
// is what a provider needs for the same. ErrorCode::tenant_not_found, permission.
Result<> check_tenant(const TenantId& tenant, bool is_provider, Permission needed,
                      const Directory& directory);

// In this order: a right that is missing (ErrorCode::permission, also where a tenant names
// another), a text that names no tenant (invalid), a tenant that is not there (tenant_not_found), a
// tenant's own token while it is suspended (permission).
Result<> admit_to_tenant(const Caller& caller, const TenantAsked& asked, const Directory& directory,
                         TenantAdmission& admission);

}  // namespace metergate
