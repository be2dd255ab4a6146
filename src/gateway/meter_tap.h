// MeterTap: a request that has passed through, made into the usage event that records it. Functions
// and values; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/identity.h"
#include "domain/usage_event.h"
#include "gateway/endpoint_templates.h"
#include "http/server/passage.h"

namespace metergate::gateway {

// What a caller that went away before the end of its answer is recorded with.
inline constexpr int kCallerLeft = 499;

struct MeteredCall {
  const http::Request& request;
  const TenantAccess& access;
  std::string_view tenant_segment;  // of the path; empty where that names no tenant
  const EndpointTemplates& templates;
  const http::PassedOutcome& outcome;
  Microseconds duration{0};
  Timestamp now{};
  std::string_view caller;  // "key:ID" or the token's sub; empty where nobody had to say
};

UsageEvent event_of(const MeteredCall& call);

// An answer of the upstream's is billable whatever its status, and so is a request that reached it
// and whose caller went away. What the gateway answered because nobody else did (429, 502, 503,
// 504) is not, nor is what the provider asked for.
bool is_billable(const http::PassedOutcome& outcome, const TenantAccess& access);

}  // namespace metergate::gateway
