#include "http/words/rate_limit.h"

#include <fmt/format.h>

#include "http/words/head_text.h"

namespace metergate::http {
namespace {

struct Parameter {
  std::string_view name;
  std::int64_t value;
};

// "api_calls";r=49999;t=86400.
std::string member(std::string_view name, const Parameter& first, const Parameter& second) {
  const std::string one = fmt::format_int(first.value).str();
  const std::string other = fmt::format_int(second.value).str();
  std::string out;
  append_all(out, {"\"", name, "\";", first.name, "=", one, ";", second.name, "=", other});
  return out;
}

}  // namespace

void append_rate_limit(const RateLimitPolicy& policy, std::vector<Header>& headers) {
  headers.emplace_back("RateLimit-Policy",
                       member(policy.name, {"q", policy.quota}, {"w", policy.window.count()}));
  headers.emplace_back(
      "RateLimit", member(policy.name, {"r", policy.remaining}, {"t", policy.resets_in.count()}));
}

}  // namespace metergate::http
