// Admission: whether a request may go to its route's handler. From the token to the caller, and
// from the caller and the path to the right to a tenant's data. Functions; any thread.
#pragma once

#include <optional>
#include <string_view>

#include "api/route_table.h"
#include "service/access/admission.h"

namespace metergate::api {

// What is known of who asks; filled as far as it got, also where the answer is a refusal. The right
// to a tenant is that of Audience::tenant routes.
struct Admission : TenantAdmission {
  std::optional<Caller> caller;
};

// The caller that its token names. ErrorCode::unauthorized where there is no valid one.
Result<Caller> authenticate(const http::Request& request, Services& services);

// In this order: no valid token, a token of the wrong scope (both ErrorCode::unauthorized), a right
// that is missing (permission), a path that names no tenant (invalid), a tenant that is not there
// (tenant_not_found), a tenant's own token while it is suspended (permission).
Result<> admit(const http::Request& request, const RouteMatch& match, Services& services,
               Admission& admission);

// For a path below /api/tenants/{tenant_id}/ that has no route: who is to be metered. Refuses
// nobody but a suspended tenant itself (ErrorCode::permission).
Result<> recognise(const http::Request& request, Services& services, Admission& admission);

// Every parameter is one that the route names, and stands there once; else ErrorCode::invalid with
// all faults.
Result<> check_query(const http::Request& request, const Route& route);

}  // namespace metergate::api
