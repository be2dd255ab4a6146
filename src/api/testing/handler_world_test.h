// Calls a row of the route table as the dispatcher does after it has found the row and admitted the
// caller, without sockets. For tests.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/routes.h"
#include "service/testing/services_world_test.h"

namespace metergate::api {

struct Ask {
  std::string_view method = "GET";
  std::string_view path;  // as in the table
  std::vector<std::pair<std::string_view, std::string>> path_values;
  std::vector<std::pair<std::string, std::string>> query;
  std::string body;
  std::vector<http::Header> headers;
};

class HandlerWorld : public ServicesWorld {
 public:
  using ServicesWorld::ServicesWorld;

  Result<Answer> ask(const std::vector<Route>& routes, const Ask& ask) {
    const auto route = std::find_if(routes.begin(), routes.end(), [&](const Route& row) {
      return row.method == ask.method && row.path == ask.path;
    });
    if (route == routes.end()) return fail(ErrorCode::internal, "no such row in the table");
    for (const auto& [name, value] : ask.query) {
      if (find_field(route->query, name) == nullptr) {
        return fail(ErrorCode::invalid, "unknown query parameter " + name);
      }
    }
    http::Request request;
    request.method = ask.method;
    request.path = ask.path;
    request.query = ask.query;
    request.body = ask.body;
    request.headers = ask.headers;
    if (!ask.body.empty()) request.headers.emplace_back("content-type", "application/json");
    Call call{*route, request, services, ask.path_values, &caller, std::nullopt, actor};
    return route->handler(call);
  }

  Caller caller = Caller::provider("ann@example.com", Permissions::all());
};

}  // namespace metergate::api
