// Who asks, and for which tenant: by the path, a claim of the token, an API key, the host name or a
// trusted proxy's header, as the upstream's rule says. Functions; any thread.
#pragma once

#include <string>

#include "gateway/new_tenants.h"
#include "gateway/upstream_table.h"
#include "http/words/message.h"
#include "service/access/admission.h"
#include "service/wiring/services.h"

namespace metergate::gateway {

// A request, and where it was found to go.
struct Routed {
  const http::Request& request;
  UpstreamTable& table;
  UpstreamMatch match;
  const OpenPath* open = nullptr;  // of the upstream's, where it needs no token
};

// What is known of the caller; filled as far as it got, also where the answer is a refusal.
struct GatewayAdmission {
  TenantAdmission tenant;
  std::string caller;  // "key:ID" or the token's sub; empty where nobody has asked
};

// ErrorCode::method, invalid: it is not passed on, since an upstream may read it as a request for
// something else than was admitted.
Result<> check_meaning(const Routed& routed);

// In this order: check_meaning(), no valid token or key (ErrorCode::unauthorized), and then as
// service/access/admission. `new_tenants` may be null.
Result<> admit(const Routed& routed, const Services& services, NewTenants* new_tenants,
               GatewayAdmission& admission);

}  // namespace metergate::gateway
