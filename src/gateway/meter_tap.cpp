#include "gateway/meter_tap.h"

#include <algorithm>
#include <array>

#include "base/characters.h"

namespace metergate::gateway {
namespace {

constexpr std::size_t kPathBytesMax = 2048;  // the maximum for an event's path
constexpr std::size_t kMethodBytesMax = 16;  // the maximum for an event's method

// The path with the tenant's segment replaced by its placeholder, so that all tenants share the
// endpoint.
std::string path_for_all(const PassedCall& call) {
  std::string path = call.request.path;
  if (call.tenant_segment.empty()) return path;
  const auto at = static_cast<std::size_t>(call.tenant_segment.data() - call.request.path.data());
  path.replace(at, call.tenant_segment.size(), "{tenant_id}");
  return path;
}

std::string record_id(const TemplateMatch& match, std::string_view name) {
  for (const auto& [key, value] : match.values) {
    if (key == name && is_id_syntax(value)) return std::string{value};
  }
  return {};
}

}  // namespace

ApiCall fact_of(const PassedCall& call) {
  const http::Request& request = call.request;
  ApiCall fact{.method = std::string{clipped(request.method, kMethodBytesMax)},
               .endpoint = {},
               .path = std::string{clipped(request.path, kPathBytesMax)},
               .status = call.outcome.status,
               .request_bytes = call.outcome.request_bytes,
               .response_bytes = call.outcome.response_bytes,
               .duration = call.duration,
               .ip = request.recorded_ip,
               .store_id = {},
               .device_id = {},
               .caller = caller_in_record(call.caller),
               .traceparent = traceparent_in_record(request.header("traceparent").value_or(""))};
  if (call.outcome.by == http::PassedOutcome::AnsweredBy::nobody) fact.status = kCallerLeft;
  if (const auto match = call.templates.find(request.method, request.path)) {
    fact.endpoint = fact.method + " " + std::string{match->path};
    fact.store_id = record_id(*match, "store_id");
    fact.device_id = record_id(*match, "device_id");
  } else {
    fact.endpoint = endpoint_template(fact.method, path_for_all(call));
  }
  return fact;
}

bool is_billable(const http::PassedOutcome& outcome) {
  using AnsweredBy = http::PassedOutcome::AnsweredBy;
  switch (outcome.by) {
    case AnsweredBy::upstream:
      return true;
    case AnsweredBy::nobody:
      return outcome.reached_upstream;
    case AnsweredBy::gateway: {
      constexpr std::array<int, 4> kNotTheTenants = {429, 502, 503, 504};
      return std::ranges::find(kNotTheTenants, outcome.status) == kNotTheTenants.end();
    }
  }
  return true;
}

}  // namespace metergate::gateway
