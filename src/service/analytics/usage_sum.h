// UsageSum: what many tenants did in the same days, added up so that one of them can be taken out
// again exactly: nothing stops at a maximum before it is read.
//
// UsageShare is one tenant's part of it; packed, it takes about a third of the room. Values; no
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
  bool is_active = false;          // with an API call or a webhook attempt in them
  friend bool operator==(const UsageShare&, const UsageShare&) = default;
};

// Empty for a share without anything in it. Only for memory: no version, no checks.
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
  // Saturated, as the same shares merged one after another would be.
  UsageTotals totals() const;

 private:
  void fold(const UsageShare& share, int sign);
  std::array<Wide, 13> numbers_{};        // of calls and webhooks, in one order
  std::vector<std::uint64_t> durations_;  // by index of the histogram's bucket
  Wide storage_bytes_ = 0;
  std::int64_t active_tenants_ = 0;
};

}  // namespace metergate
