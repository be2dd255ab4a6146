// The environment for tests of the API: every service over a store in memory, tokens for all kinds
// of callers, and a dispatcher without a socket. Each test makes its own.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "api/dispatch.h"
#include "service/access/sessions.h"
#include "service/metering/enforcement.h"
#include "service/meters/meters.h"
#include "service/testing/core_world_test.h"
#include "service/upkeep/telemetry.h"
#include "service/upkeep/worker_board.h"

namespace metergate::api {

struct ApiWorld : core_world::TestWorld {
  using TestWorld::TestWorld;

  Services& services = set->services();
  Sessions* sessions = &services.sessions;
  Enforcement& enforcement = services.enforcement;
  Meters& meters = services.meters;
  WorkerBoard& worker_board = services.worker_board;

  std::string provider_token(std::vector<std::string> permissions) const {
    return sessions
        ->issue({.subject = "ann",
                 .scope = Scope::provider,
                 .tenant = {},
                 .roles = {},
                 .permissions = std::move(permissions)})
        .value();
  }
  std::string tenant_token(std::string tenant) const {
    return sessions
        ->issue({.subject = "till",
                 .scope = Scope::tenant,
                 .tenant = std::move(tenant),
                 .roles = {},
                 .permissions = {}})
        .value();
  }
};

// "GET /a?x=1" with a token, or without one if it is empty.
inline http::Request request_for(const std::string& line, const std::string& token = {}) {
  http::Request request;
  const std::size_t space = line.find(' ');
  request.method = line.substr(0, space);
  request.target = line.substr(space + 1);
  const std::size_t mark = std::min(request.target.find('?'), request.target.size());
  request.path = request.target.substr(0, mark);
  std::string query = request.target.substr(std::min(mark + 1, request.target.size()));
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::size_t equals = query.find('=');
    request.query.emplace_back(query.substr(0, equals), query.substr(equals + 1, end - equals - 1));
    query.erase(0, end + 1);
  }
  if (!token.empty()) request.headers.emplace_back("authorization", "Bearer " + token);
  request.remote_ip = "192.0.2.9";
  request.recorded_ip = request.remote_ip;
  request.request_id = "req_test";
  request.bytes = 100;
  return request;
}

// The answer, or nothing if it has not been sent yet.
inline std::optional<http::Response> ask(http::Handler& handler, http::Request request) {
  auto answer = std::make_shared<std::optional<http::Response>>();
  handler.handle(std::move(request),
                 [answer](http::Response response) { *answer = std::move(response); });
  handler.settle();
  return std::move(*answer);
}

inline std::string header_of(const http::Response& response, std::string_view name) {
  const auto found = std::ranges::find(response.headers, name, &http::Header::first);
  return found == response.headers.end() ? std::string{} : found->second;
}

inline Json body_of(const http::Response& response) { return parse_json(response.body).value(); }

// The error code in the envelope, such as "E_NOT_FOUND"; empty if there is no error.
inline std::string error_of(const http::Response& response) {
  const Json body = body_of(response);
  const Json* error = body.find("error");
  return error == nullptr ? "" : error->string_at("code").value_or("");
}

inline std::string message_of(const http::Response& response) {
  const Json body = body_of(response);
  const Json* error = body.find("error");
  return error == nullptr ? "" : error->string_at("message").value_or("");
}

}  // namespace metergate::api
