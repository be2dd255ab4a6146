#include "gateway/upstream_table.h"

#include <algorithm>
#include <functional>
#include <tuple>

namespace metergate::gateway {
namespace {

constexpr std::string_view kTenantSegment = "{tenant_id}";

// "/a/{tenant_id}/" → "a", "{tenant_id}".
std::vector<std::string> prefix_segments(std::string_view path) {
  std::vector<std::string> segments;
  path.remove_prefix(1);
  while (!path.empty()) {
    const std::size_t end = path.find('/');
    segments.emplace_back(path.substr(0, end));
    path.remove_prefix(end + 1);
  }
  return segments;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower_case) {
  return std::ranges::equal(text, lower_case, [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b;
  });
}

bool takes_host(const UpstreamRow& row, std::string_view host) {
  return row.spec.hosts.empty() ||
         std::ranges::any_of(row.spec.hosts, [&](const std::string& name) {
           return equals_ignoring_case(host, name);
         });
}

// Whether the path lies below the row's, each of whose segments ends with a '/' in it; `tenant`
// becomes the segment that names one.
bool is_below(const UpstreamRow& row, std::string_view path, std::string_view& tenant) {
  path.remove_prefix(1);
  for (const std::string& wanted : row.segments) {
    const std::size_t end = path.find('/');
    if (end == std::string_view::npos) return false;
    const std::string_view segment = path.substr(0, end);
    const bool is_tenant = wanted == kTenantSegment;
    if (is_tenant ? segment.empty() : segment != wanted) return false;
    if (is_tenant) tenant = segment;
    path.remove_prefix(end + 1);
  }
  return true;
}

}  // namespace

std::string_view host_name(std::string_view host) {
  const std::size_t colon = host.rfind(':');
  const bool has_port = colon != std::string_view::npos && host.find(']', colon) == host.npos;
  return has_port ? host.substr(0, colon) : host;
}

UpstreamTable::UpstreamTable(std::vector<UpstreamSpec> specs) {
  for (UpstreamSpec& spec : specs) {
    UpstreamRow& row = rows_.emplace_back(std::move(spec));
    row.segments = prefix_segments(row.spec.path);
    by_precedence_.push_back(&row);
  }
  std::ranges::stable_sort(by_precedence_, std::greater{}, [](const UpstreamRow* row) {
    return std::tuple{!row->spec.hosts.empty(), row->segments.size()};
  });
}

std::optional<UpstreamMatch> UpstreamTable::find(std::string_view host, std::string_view path) {
  const std::string_view name = host_name(host);
  for (UpstreamRow* row : by_precedence_) {
    UpstreamMatch match{.row = row, .tenant = {}};
    if (takes_host(*row, name) && is_below(*row, path, match.tenant)) return match;
  }
  return std::nullopt;
}

std::vector<http::Upstream*> UpstreamTable::upstreams() {
  std::vector<http::Upstream*> all;
  for (UpstreamRow& row : rows_) all.push_back(&row.upstream);
  return all;
}

}  // namespace metergate::gateway
