// UsageSum: the sum of many tenants' usage of the same days, from which one tenant can be
// subtracted exactly, since no number saturates before it is read.
//
// UsageShare is one tenant's part; packed, it takes about a third of the memory. Values; no
// threads.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "domain/counter.h"
#include "domain/wide.h"

namespace metergate {

struct UsageShare {
  CallSums calls;
  WebhookSums webhooks;
  std::int64_t storage_bytes = 0;  // at the end of the days
  bool is_active = false;          // it has an API call or a webhook attempt in them
  friend bool operator==(const UsageShare&, const UsageShare&) = default;
};

// Empty for an empty share. For memory only: without version or checks.
std::string packed(const UsageShare& share);
UsageShare unpacked(std::string_view bytes);

struct UsageTotals {
  CallSums calls;  // with the durations of all calls
  WebhookSums webhooks;
  std::int64_t storage_bytes = 0;
  std::int64_t active_tenants = 0;
};

class UsageSum {
 public:
  void add(const UsageShare& share);
  void subtract(const UsageShare& share);  // one that was added
  // Saturated, like merging the same shares one after another.
  UsageTotals totals() const;

 private:
  void fold(const UsageShare& share, int sign);
  std::array<Wide, 13> numbers_{};        // of calls and webhooks, in a fixed order
  std::vector<std::uint64_t> durations_;  // by index of the histogram's bucket
  Wide storage_bytes_ = 0;
  std::int64_t active_tenants_ = 0;
};

}  // namespace metergate
