#include "http/rate_limit.h"

#include <fmt/format.h>

namespace metergate::http {

void append_rate_limit(const RateLimitPolicy& policy, std::vector<Header>& headers) {
  headers.emplace_back("RateLimit-Policy", fmt::format("\"{}\";q={};w={}", policy.name,
                                                       policy.quota, policy.window.count()));
  headers.emplace_back("RateLimit", fmt::format("\"{}\";r={};t={}", policy.name, policy.remaining,
                                                policy.resets_in.count()));
}

}  // namespace metergate::http
