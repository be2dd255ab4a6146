// UpstreamTable: which upstream a request goes to, by its host and path. Owns the upstreams; its
// rows never change. CurrentTable holds the one that new requests are led by. Any thread.
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
  // Connections that are kept to it may outlive the table.
  std::shared_ptr<http::Upstream> upstream;
  std::vector<std::string> segments;  // of the path that a request's must begin with
};

struct UpstreamMatch {
  UpstreamRow* row = nullptr;
  std::string_view tenant;  // the segment that names it; empty where the path does not
  friend bool operator==(const UpstreamMatch&, const UpstreamMatch&) = default;
};

class UpstreamTable {
 public:
  // Looks their names up, which may take a while. No two of them take the same requests.
  explicit UpstreamTable(std::vector<UpstreamSpec> specs);

  // A row that names the host wins over one that takes any, then the longer path.
  std::optional<UpstreamMatch> find(std::string_view host, std::string_view path);
  // The same for a server that takes capitals in a path for small letters.
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
  // From now on. What is under way ends as it began; connections that are kept are given up.
  void put(std::shared_ptr<UpstreamTable> table);

 private:
  std::atomic<std::shared_ptr<UpstreamTable>> table_;
};

// A Host field's name, without its port.
std::string_view host_name(std::string_view host);

}  // namespace metergate::gateway
