// EndpointTemplates: the paths that an upstream's OpenAPI document declares, so that a metered call
// is counted under its documented name. Immutable once read; safe from any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace metergate::gateway {

struct TemplateMatch {
  std::string_view path;  // "/api/tenants/{tenant_id}/orders/{order_id}"
  std::vector<std::pair<std::string_view, std::string_view>> values;  // of whole segments
};

class EndpointTemplates {
 public:
  EndpointTemplates() = default;
  // Reads an OpenAPI 3 document in JSON. ErrorCode::invalid names the fault; at most 10,000 paths
  // are read.
  static Result<EndpointTemplates> parse(std::string_view openapi);

  // The declared path that matches, if the method is declared for it; of several, the one with more
  // literal segments from the left.
  std::optional<TemplateMatch> find(std::string_view method, std::string_view path) const;
  std::size_t size() const { return count_; }

 private:
  struct Row {
    std::string path;
    std::vector<std::string> segments;
    std::vector<std::string> methods;  // upper case
  };
  void add(Row row);
  std::vector<std::vector<Row>> by_length_;  // by count of segments, most literal first
  std::size_t count_ = 0;
};

}  // namespace metergate::gateway
