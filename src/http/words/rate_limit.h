// The RateLimit fields of the IETF draft "RateLimit header fields for HTTP" (draft-ietf-httpapi-
// ratelimit-headers, 10), which tell a caller its remaining calls, as structured fields of RFC
// 9651. Plain functions; safe from any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "http/words/message.h"

namespace metergate::http {

struct RateLimitPolicy {
  std::string_view name;  // letters, digits and '_' only
  std::int64_t quota = 0;
  std::int64_t remaining = 0;
  std::chrono::seconds window{0};
  std::chrono::seconds resets_in{0};
};

// RateLimit-Policy: "api_calls";q=50000;w=2678400 and RateLimit: "api_calls";r=49999;t=86400.
void append_rate_limit(const RateLimitPolicy& policy, std::vector<Header>& headers);

}  // namespace metergate::http
