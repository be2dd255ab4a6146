#include "http/rate_limit.h"

#include <fmt/format.h>

namespace metergate::http {
namespace {

struct Parameter {
  char name;
  std::int64_t value;
};

void append(std::string& out, const Parameter& parameter) {
  const fmt::format_int digits{parameter.value};
  out.append({';', parameter.name, '='}).append(digits.data(), digits.size());
}

// "api_calls";r=49999;t=86400.
std::string member(std::string_view name, const Parameter& first, const Parameter& second) {
  std::string out;
  out.reserve(64);
  out.append("\"").append(name).append("\"");
  append(out, first);
  append(out, second);
  return out;
}

}  // namespace

void append_rate_limit(const RateLimitPolicy& policy, std::vector<Header>& headers) {
  headers.emplace_back("RateLimit-Policy",
                       member(policy.name, {'q', policy.quota}, {'w', policy.window.count()}));
  headers.emplace_back(
      "RateLimit", member(policy.name, {'r', policy.remaining}, {'t', policy.resets_in.count()}));
}

}  // namespace metergate::http
