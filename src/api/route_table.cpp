#include "api/route_table.h"

#include <algorithm>
#include <array>

#include "domain/own_paths.h"

namespace metergate::api {
namespace {

constexpr std::size_t kSegmentsMax = 12;

// The segments of a path, with room for one more than a route may have. On the stack, since every
// request is looked up.
class Segments {
 public:
  explicit Segments(std::string_view path) {
    path.remove_prefix(1);
    while (count_ <= kSegmentsMax) {
      const std::size_t end = path.find('/');
      segments_[count_++] = path.substr(0, end);
      if (end == std::string_view::npos) break;
      path.remove_prefix(end + 1);
    }
  }
  std::size_t size() const { return count_; }
  std::string_view operator[](std::size_t at) const { return segments_[at]; }
  const std::string_view* begin() const { return segments_.data(); }
  const std::string_view* end() const { return segments_.data() + count_; }

 private:
  std::array<std::string_view, kSegmentsMax + 1> segments_;
  std::size_t count_ = 0;
};

bool is_value(std::string_view segment) { return segment.starts_with('{'); }

// "{store_id}", or a word in small letters.
bool is_well_formed(std::string_view segment) {
  if (is_value(segment)) {
    if (!segment.ends_with('}')) return false;
    segment = segment.substr(1, segment.size() - 2);
  }
  return !segment.empty() && std::ranges::all_of(segment, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
  });
}

bool is_well_formed_path(std::string_view path) {
  if (!path.starts_with('/')) return false;
  if (path == "/") return true;
  const Segments segments{path};
  return segments.size() <= kSegmentsMax && std::ranges::all_of(segments, is_well_formed);
}

bool has_its_access(const Route& route) {
  const bool is_open = route.access.audience == Audience::everybody;
  std::string_view rest = route.path;
  const bool names_tenant = rest.starts_with(kTenantPaths) &&
                            rest.substr(kTenantPaths.size()).starts_with("{tenant_id}/");
  return is_open != route.access.permission.has_value() &&
         names_tenant == (route.access.audience == Audience::tenant);
}

// Compares from the end, where routes of one length differ most.
bool matches(const std::vector<std::string>& row, const Segments& path) {
  for (std::size_t i = row.size(); i-- > 0;) {
    const std::string& wanted = row[i];
    if (is_value(wanted) ? path[i].empty() : wanted != path[i]) return false;
  }
  return true;
}

// True if some path matches both.
bool answer_alike(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::ranges::equal(a, b, [](const std::string& x, const std::string& y) {
    return x == y || (is_value(x) && is_value(y));
  });
}

std::unexpected<Error> wrong_row(const Route& route, std::string_view what) {
  return fail(ErrorCode::internal, "the route " + std::string{route.method} + " '" +
                                       std::string{route.path} + "' " + std::string{what});
}

}  // namespace

Result<RouteTable> RouteTable::create(std::vector<Route> routes) {
  RouteTable table;
  table.routes_ = std::move(routes);
  table.by_length_.resize(kSegmentsMax + 1);
  for (std::size_t i = 0; i < table.routes_.size(); ++i) {
    const Route& route = table.routes_[i];
    if (!is_well_formed_path(route.path)) return wrong_row(route, "has a malformed path");
    if (!has_its_access(route)) return wrong_row(route, "has the wrong access");
    if (route.handler == nullptr) return wrong_row(route, "has no handler");
    const Segments segments{route.path};
    const Row row{{segments.begin(), segments.end()}, i};
    for (const Row& other : table.by_length_[segments.size()]) {
      if (table.routes_[other.route].method == route.method &&
          answer_alike(other.segments, row.segments))
        return wrong_row(route, "stands there twice");
    }
    table.by_length_[segments.size()].push_back(row);
  }
  const auto values_of = [](const Row& row) {
    return std::ranges::count_if(row.segments, is_value);
  };
  for (auto& rows : table.by_length_) std::ranges::stable_sort(rows, {}, values_of);
  return table;
}

std::optional<RouteMatch> RouteTable::find(std::string_view method, std::string_view path) const {
  const Segments segments{path};
  if (segments.size() > kSegmentsMax) return std::nullopt;
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  for (const Row& row : by_length_[segments.size()]) {
    const Route& route = routes_[row.route];
    if (route.method != wanted || !matches(row.segments, segments)) continue;
    RouteMatch match{&route, {}};
    const Segments names{route.path};
    for (std::size_t i = 0; i < segments.size(); ++i) {
      if (!is_value(names[i])) continue;
      match.path_values.emplace_back(names[i].substr(1, names[i].size() - 2), segments[i]);
    }
    return match;
  }
  return std::nullopt;
}

bool RouteTable::has(std::string_view path) const {
  const Segments segments{path};
  return segments.size() <= kSegmentsMax &&
         std::ranges::any_of(by_length_[segments.size()],
                             [&](const Row& row) { return matches(row.segments, segments); });
}

std::string RouteTable::methods_of(std::string_view path) const {
  const Segments segments{path};
  if (segments.size() > kSegmentsMax) return {};
  std::vector<std::string_view> methods;
  for (const Row& row : by_length_[segments.size()]) {
    if (!matches(row.segments, segments)) continue;
    methods.push_back(routes_[row.route].method);
    if (methods.back() == "GET") methods.emplace_back("HEAD");
  }
  std::ranges::sort(methods);
  methods.erase(std::ranges::unique(methods).begin(), methods.end());
  std::string text;
  for (const std::string_view method : methods) {
    if (!text.empty()) text += ", ";
    text += method;
  }
  return text;
}

}  // namespace metergate::api
