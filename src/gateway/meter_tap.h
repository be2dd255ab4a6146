// MeterTap: makes the usage event that records a proxied request. Functions and values; safe from
// any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/identity.h"
#include "domain/usage_event.h"
#include "gateway/endpoint_templates.h"
#include "http/server/passage.h"

namespace metergate::gateway {

// The recorded status if the caller disconnected before the end of its answer.
inline constexpr int kCallerLeft = 499;

struct MeteredCall {
  const http::Request& request;
  const TenantAccess& access;
  std::string_view tenant_segment;  // of the path; empty if the path does not name the tenant
  const EndpointTemplates& templates;
  const http::PassedOutcome& outcome;
  Microseconds duration{0};
  Timestamp now{};
  std::string_view caller;  // "key:ID" or the token's sub; empty where nobody had to say
};

UsageEvent event_of(const MeteredCall& call);

// An upstream's answer is billable whatever its status, and so is a request that reached the
// upstream and whose caller then disconnected. The gateway's own answers (429, 502, 503, 504) and
// the provider's calls are not.
bool is_billable(const http::PassedOutcome& outcome, const TenantAccess& access);

}  // namespace metergate::gateway
