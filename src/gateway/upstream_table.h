// UpstreamTable: which upstream a request goes to, by its host and path. Owns the upstreams; their
// rows never change. Any thread.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/upstream_spec.h"

namespace metergate::gateway {

struct UpstreamRow {
  explicit UpstreamRow(UpstreamSpec from)
      : spec(std::move(from)), upstream(std::move(spec.options)) {}
  UpstreamSpec spec;
  http::Upstream upstream;
  std::vector<std::string> segments;  // of the path that a request's must begin with
};

struct UpstreamMatch {
  UpstreamRow* row = nullptr;
  std::string_view tenant;  // the segment that names it; empty where the path does not
};

class UpstreamTable {
 public:
  // Looks their names up, which may take a while. No two of them take the same requests.
  explicit UpstreamTable(std::vector<UpstreamSpec> specs);

  // A row that names the host wins over one that takes any, then the longer path.
  std::optional<UpstreamMatch> find(std::string_view host, std::string_view path);
  std::vector<http::Upstream*> upstreams();

 private:
  std::deque<UpstreamRow> rows_;
  std::vector<UpstreamRow*> by_precedence_;
};

// A Host field's name, without its port.
std::string_view host_name(std::string_view host);

}  // namespace metergate::gateway
