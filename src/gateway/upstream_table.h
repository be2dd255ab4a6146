// UpstreamTable: finds the upstream of a request by its host and path. Owns the upstreams; its rows
// never change. CurrentTable holds the table for new requests. Safe from any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/upstream_spec.h"

namespace metergate::gateway {

struct UpstreamRow {
  explicit UpstreamRow(UpstreamSpec from)
      : spec(std::move(from)),
        upstream(std::make_shared<http::Upstream>(std::move(spec.options))) {}
  UpstreamSpec spec;
  // Shared, because kept connections may outlive the table.
  std::shared_ptr<http::Upstream> upstream;
  std::vector<std::string> segments;  // a request's path must begin with these
};

struct UpstreamMatch {
  UpstreamRow* row = nullptr;
  std::string_view tenant;  // the segment that names it; empty if the path does not
  friend bool operator==(const UpstreamMatch&, const UpstreamMatch&) = default;
};

class UpstreamTable {
 public:
  // Looks up the origins' names, which may take a while. No two specs take the same requests.
  explicit UpstreamTable(std::vector<UpstreamSpec> specs);

  // A row that names the host wins over one for any host; then the longer path wins.
  std::optional<UpstreamMatch> find(std::string_view host, std::string_view path);
  // The same for an upstream that ignores case in paths.
  std::optional<UpstreamMatch> find_in_any_case(std::string_view host, std::string_view path);
  std::vector<std::shared_ptr<http::Upstream>> upstreams() const;

 private:
  enum class Case : std::uint8_t { exact, any };
  std::optional<UpstreamMatch> find(std::string_view host, std::string_view path, Case letters);
  std::deque<UpstreamRow> rows_;
  std::vector<UpstreamRow*> by_precedence_;
};

class CurrentTable {
 public:
  explicit CurrentTable(std::vector<UpstreamSpec> specs)
      : table_(std::make_shared<UpstreamTable>(std::move(specs))) {}

  std::shared_ptr<UpstreamTable> get() const { return table_.load(); }
  // Takes effect for new requests. Requests under way end as they began; kept connections are
  // closed.
  void put(std::shared_ptr<UpstreamTable> table);

 private:
  std::atomic<std::shared_ptr<UpstreamTable>> table_;
};

// The name in a Host field, without the port.
std::string_view host_name(std::string_view host);

}  // namespace metergate::gateway
