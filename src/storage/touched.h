// Touched: whose figures have changed since somebody last asked, each tenant and period once.
// Bounded by the tenants and the periods that are open. Not safe from several threads.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/check.h"
#include "storage/layer.h"
#include "storage/store.h"

namespace metergate {

class Touched {
 public:
  void add(std::string_view tenant, Period period) {
    const auto found = periods_.find(tenant);
    auto& periods =
        found != periods_.end() ? found->second : periods_.emplace(tenant, Periods{}).first->second;
    if (std::ranges::find(periods, period) == periods.end()) periods.push_back(period);
  }

  std::vector<TenantPeriod> take(std::size_t max) {
    std::vector<TenantPeriod> taken;
    while (taken.size() < max && !periods_.empty()) {
      const auto first = periods_.begin();
      auto tenant = TenantId::parse(first->first);
      CHECK(tenant.has_value());
      taken.push_back({*std::move(tenant), first->second.back()});
      first->second.pop_back();
      if (first->second.empty()) periods_.erase(first);
    }
    return taken;
  }

 private:
  using Periods = std::vector<Period>;
  std::unordered_map<std::string, Periods, TextHash, std::equal_to<>> periods_;
};

}  // namespace metergate
