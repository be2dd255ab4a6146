// Admission: the checks before a request goes to its route's handler. They lead from the token to
// the caller, and from the caller and the path to the right to a tenant's data. Plain functions;
// safe from any thread.
#pragma once

#include <optional>
#include <string_view>

#include "api/route_table.h"
#include "service/access/admission.h"

namespace metergate::api {

// The results of the checks, filled as far as they got, even if the request is refused. `access` is
// set on Audience::tenant routes.
struct Admission : TenantAdmission {
  std::optional<Caller> caller;
};

// The caller that the request's token names, as Dispatcher::receive() found it or anew.
// ErrorCode::unauthorized if there is no valid token.
Result<Caller> authenticate(const http::Request& request, Services& services);

// Checks, in this order: a valid token, a token of the right scope (both ErrorCode::unauthorized),
// the permission (permission), a tenant id in the path (invalid), an existing tenant
// (tenant_not_found), and, for a tenant's own token, a tenant that is not suspended (permission).
Result<> admit(const http::Request& request, const RouteMatch& match, Services& services,
               Admission& admission);

// Finds the tenant to be metered for a path below /api/tenants/{tenant_id}/ without a route.
// Refuses only a suspended tenant's own token (ErrorCode::permission).
Result<> recognise(const http::Request& request, Services& services, Admission& admission);

// Every parameter must be one that the route names, and occur once; otherwise ErrorCode::invalid
// with all faults.
Result<> check_query(const http::Request& request, const Route& route);

}  // namespace metergate::api
