// Who asks, and for which tenant: by the path, a claim of the token, an API key or the host name,
// as the upstream's rule says. Functions; any thread.
#pragma once

#include "gateway/upstream_table.h"
#include "http/message.h"
#include "service/admission.h"
#include "service/services.h"

namespace metergate::gateway {

// In this order: a method or path that is not passed on (ErrorCode::method, invalid), no valid
// token or key (unauthorized), and then as service/admission.
Result<> admit(const http::Request& request, const UpstreamMatch& match, const Services& services,
               TenantAdmission& admission);

}  // namespace metergate::gateway
