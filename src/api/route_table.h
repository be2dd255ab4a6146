// RouteTable: finds the row of the route table for a method and a decoded path.
//
// Rows are checked when the table is made; it never changes afterwards. Safe from any thread.
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
  // ErrorCode::internal, naming the row, for a malformed path, access without a permission, or two
  // rows for the same requests.
  static Result<RouteTable> create(std::vector<Route> routes);

  // HEAD finds the row of GET. A literal segment wins over a path value.
  std::optional<RouteMatch> find(std::string_view method, std::string_view path) const;
  // True if any method has a route at the path.
  bool has(std::string_view path) const;
  // The methods of the path, such as "GET, HEAD, POST"; empty if the path has no route.
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
