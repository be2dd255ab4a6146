// RouteTable: from a method and a decoded path to a row of the route table.
//
// Rows are checked when it is made; afterwards it never changes. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/routes.h"

namespace metergate::api {

struct RouteMatch {
  const Route* route;
  std::vector<std::pair<std::string_view, std::string>> path_values;
};

class RouteTable {
 public:
  // ErrorCode::internal names the row that is wrong: a path that is malformed, access without a
  // permission, or two rows that answer the same requests.
  static Result<RouteTable> create(std::vector<Route> routes);

  // HEAD finds the row of GET. A segment that is spelled out wins over a path value.
  std::optional<RouteMatch> find(std::string_view method, std::string_view path) const;
  // Whether the path answers to anything.
  bool has(std::string_view path) const;
  // "GET, HEAD, POST": what the path answers to; empty: there is nothing at this path.
  std::string methods_of(std::string_view path) const;
  const std::vector<Route>& routes() const { return routes_; }

 private:
  struct Row {
    std::vector<std::string> segments;  // "{tenant_id}" as it stands
    std::size_t route;
  };
  std::vector<Route> routes_;
  std::vector<std::vector<Row>> by_length_;  // by count of segments, most literal first
};

}  // namespace metergate::api
