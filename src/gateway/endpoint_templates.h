// EndpointTemplates: the paths that an upstream's OpenAPI document declares, so that a metered call
// is counted under the name its own documentation gives it. A value once read; any thread.
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
  // An OpenAPI 3 document as JSON. ErrorCode::invalid says what is wrong with it; at most 10,000
  // paths are taken.
  static Result<EndpointTemplates> parse(std::string_view openapi);

  // The declared path that this one is, where the method is declared for it; of several, the one
  // with more words spelled out from the left.
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
