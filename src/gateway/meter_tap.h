// MeterTap: makes the facts that are recorded of a proxied request. Functions and values; safe from
// any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/usage_event.h"
#include "gateway/endpoint_templates.h"
#include "http/server/passage.h"

namespace metergate::gateway {

// The recorded status if the caller disconnected before the end of its answer.
inline constexpr int kCallerLeft = 499;

struct PassedCall {
  const http::Request& request;
  std::string_view tenant_segment;  // of the path; empty if the path does not name the tenant
  const EndpointTemplates& templates;
  const http::PassedOutcome& outcome;
  Microseconds duration{0};
  std::string_view caller;  // "key:ID" or the token's sub; empty where nobody had to say
};

ApiCall fact_of(const PassedCall& call);

// An upstream's answer is billable whatever its status, and so is a request that reached the
// upstream and whose caller then disconnected. The gateway's own answers (429, 502, 503, 504) are
// not.
bool is_billable(const http::PassedOutcome& outcome);

}  // namespace metergate::gateway
