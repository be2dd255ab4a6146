#include "gateway/upstream_table.h"

#include <algorithm>
#include <functional>
#include <tuple>

#include "http/words/characters.h"

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

bool takes_host(const UpstreamRow& row, std::string_view host) {
  return row.spec.hosts.empty() ||
         std::ranges::any_of(row.spec.hosts, [&](const std::string& name) {
           return equals_ignoring_case(host, name);
         });
}

// True if the path is below the row's, and every segment of the row's is followed by a '/'. Sets
// `tenant` to the segment that names the tenant.
bool is_below(const UpstreamRow& row, std::string_view path, bool ignores_case,
              std::string_view& tenant) {
  path.remove_prefix(1);
  for (const std::string& wanted : row.segments) {
    const std::size_t end = path.find('/');
    if (end == std::string_view::npos) return false;
    const std::string_view segment = path.substr(0, end);
    const bool is_tenant = wanted == kTenantSegment;
    const bool is_wanted = ignores_case ? equals_ignoring_case(segment, wanted) : segment == wanted;
    if (is_tenant ? segment.empty() : !is_wanted) return false;
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
  return find(host, path, Case::exact);
}

std::optional<UpstreamMatch> UpstreamTable::find_in_any_case(std::string_view host,
                                                             std::string_view path) {
  return find(host, path, Case::any);
}

std::optional<UpstreamMatch> UpstreamTable::find(std::string_view host, std::string_view path,
                                                 Case letters) {
  const std::string_view name = host_name(host);
  for (UpstreamRow* row : by_precedence_) {
    UpstreamMatch match{.row = row, .tenant = {}};
    if (takes_host(*row, name) && is_below(*row, path, letters == Case::any, match.tenant))
      return match;
  }
  return std::nullopt;
}

std::vector<std::shared_ptr<http::Upstream>> UpstreamTable::upstreams() const {
  std::vector<std::shared_ptr<http::Upstream>> all;
  for (const UpstreamRow& row : rows_) all.push_back(row.upstream);
  return all;
}

void CurrentTable::put(std::shared_ptr<UpstreamTable> table) {
  const std::shared_ptr<UpstreamTable> old = table_.exchange(std::move(table));
  for (const auto& upstream : old->upstreams()) upstream->retire();
}

}  // namespace metergate::gateway
