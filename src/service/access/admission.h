// Admission: finds the caller for an Authorization header, and checks the caller's right to a
// tenant's data. The same rules for every door; of HTTP it knows only the header's value.
//
// Plain functions; safe from any thread.
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

// The findings about the right to a tenant; filled as far as they got, even if the request is
// refused.
struct TenantAdmission {
  // Set if the token is valid for an existing tenant: the request is then metered, whatever its
  // answer.
  std::optional<TenantAccess> metered;
  std::optional<TenantAccess> access;
  // The metered tenant's record at that time.
  std::shared_ptr<const TenantRecord> record;
  // The tenant itself asks and is refused because it is suspended; the recorded request is not
  // billable.
  bool is_suspended = false;
};

struct TenantAsked {
  std::string_view tenant;  // as in the path
  Permission needed;        // by a provider
};

// The values of the Authorization headers, in order: exactly one, "Bearer TOKEN" (RFC 6750, 2.1).
// Otherwise ErrorCode::unauthorized, whose message says what to send.
Result<std::string_view> bearer_token(std::span<const std::string_view> authorizations);

Result<Caller> authenticate(std::span<const std::string_view> authorizations, Sessions& sessions);

// The tenant must be there, for whoever may know; and must not be suspended, for itself. `needed`
// is what a provider needs for the same. ErrorCode::tenant_not_found, permission.
Result<> check_tenant(const TenantId& tenant, bool is_provider, Permission needed,
                      const Directory& directory);

// Checks, in this order: the permission (ErrorCode::permission, also if a tenant names another
// one), a text that can be a tenant id (invalid), an existing tenant (tenant_not_found), and, for a
// tenant's own token, a tenant that is not suspended (permission).
Result<> admit_to_tenant(const Caller& caller, const TenantAsked& asked, const Directory& directory,
                         TenantAdmission& admission);

}  // namespace metergate
