#include "api/routes.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "domain/own_paths.h"

namespace metergate::api {

namespace {

struct Topic {
  std::string_view name;
  std::vector<Route> (*routes)();
};
constexpr std::array<Topic, 14> kTopics = {{
    {"System", &system_routes},
    {"Reference", &reference_routes},
    {"Events", &events_routes},
    {"Tenant", &tenant_routes},
    {"Directory", &directory_routes},
    {"Billing", &billing_routes},
    {"Alerts", &alerts_routes},
    {"Users and keys", &session_routes},
    {"Workers", &workers_routes},
    {"Webhooks", &webhooks_routes},
    {"Meters", &meters_routes},
    {"Subjects", &subjects_routes},
    {"Corrections", &corrections_routes},
    {"Raw events", &raw_events_routes},
}};

}  // namespace

std::vector<Route> all_routes() {
  std::vector<Route> all;
  for (const Topic& topic : kTopics) {
    for (Route& route : topic.routes()) {
      route.topic = topic.name;
      all.push_back(std::move(route));
    }
  }
  return all;
}

bool answers_problems(std::string_view path) {
  return path.starts_with(kEventPaths) || path.starts_with(kOpenMeterPaths);
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
