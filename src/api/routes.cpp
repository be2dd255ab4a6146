#include "api/routes.h"

#include <algorithm>
#include <iterator>

#include "base/check.h"

namespace metergate::api {

std::vector<Route> all_routes() {
  std::vector<Route> all;
  for (const auto part :
       {&system_routes, &events_routes, &tenant_routes, &directory_routes, &billing_routes,
        &alerts_routes, &session_routes, &workers_routes, &webhooks_routes, &meters_routes,
        &subjects_routes, &corrections_routes, &raw_events_routes}) {
    std::ranges::move(part(), std::back_inserter(all));
  }
  return all;
}

const std::string& Call::path_value(std::string_view name) const {
  const auto found = std::ranges::find(path_values, name, [](const auto& v) { return v.first; });
  CHECK(found != path_values.end());  // fails if a handler asks for a value that its route lacks
  return found->second;
}

std::optional<std::string> Call::query(std::string_view name) const {
  std::optional<std::string> value;
  for (const auto& [key, text] : request.query) {
    if (key == name) value = text;
  }
  return value;
}

}  // namespace metergate::api
