// Finds the caller and the tenant: by the path, a claim of the token, an API key, the host name or
// a trusted proxy's header, as the upstream's rule says. Plain functions; safe from any thread.
#pragma once

#include <string>

#include "gateway/new_tenants.h"
#include "gateway/upstream_table.h"
#include "http/words/message.h"
#include "service/access/admission.h"
#include "service/wiring/services.h"

namespace metergate::gateway {

// A request and its upstream.
struct Routed {
  const http::Request& request;
  UpstreamTable& table;
  UpstreamMatch match;
  const OpenPath* open = nullptr;  // set if the path needs no token
};

// The findings about the caller; filled as far as they got, even if the request is refused.
struct GatewayAdmission {
  TenantAdmission tenant;
  std::string caller;  // "key:ID" or the token's sub; empty where nobody has asked
};

// ErrorCode::method or invalid for a request that is not passed on, because an upstream may take it
// for a request other than the admitted one.
Result<> check_meaning(const Routed& routed);

// Checks, in this order: check_meaning(), a valid token or key (ErrorCode::unauthorized), then as
// service/access/admission. `new_tenants` may be null.
Result<> admit(const Routed& routed, const Services& services, NewTenants* new_tenants,
               GatewayAdmission& admission);

}  // namespace metergate::gateway
