// Touched: the tenants and periods whose figures have changed since the last read, each once.
// Bounded by the tenants and the open periods. Not safe from several threads.
//
// Read in steps, it first returns all that had changed when the first step began. Later changes
// wait for the next round, so that reading until the end always ends, and a busy tenant is not
// returned twice in a round.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/check.h"
#include "storage/bytes/text_hash.h"
#include "storage/shapes/store.h"

namespace metergate {

class Touched {
 public:
  void add(std::string_view tenant, Period period) {
    const auto found = periods_.find(tenant);
    auto& periods =
        found != periods_.end() ? found->second : periods_.emplace(tenant, Periods{}).first->second;
    if (std::ranges::find(periods, period) == periods.end()) periods.push_back(period);
  }

  // An entry added in this round need not be added again.
  std::uint64_t round() const { return round_; }

  // At most `max`; fewer mean that the round is complete.
  std::vector<TenantPeriod> take(std::size_t max) {
    if (taking_.empty()) {
      taking_.swap(periods_);
      ++round_;
    }
    std::vector<TenantPeriod> taken;
    while (taken.size() < max && !taking_.empty()) {
      const auto first = taking_.begin();
      auto tenant = TenantId::parse(first->first);
      CHECK(tenant.has_value());
      taken.push_back({*std::move(tenant), first->second.back()});
      first->second.pop_back();
      if (first->second.empty()) taking_.erase(first);
    }
    return taken;
  }

 private:
  using Periods = std::vector<Period>;
  using Tenants = std::unordered_map<std::string, Periods, TextHash, std::equal_to<>>;
  std::uint64_t round_ = 1;
  Tenants periods_;
  Tenants taking_;
};

}  // namespace metergate
