// Record counts: how many active stores and devices a tenant's records say there are, beside what
// its gauges say. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "storage/shapes/store.h"

namespace metergate {

struct CountDifference {
  Meter meter = Meter::stores_count;
  std::int64_t records = 0;  // active ones
  std::int64_t gauge = 0;
};

// Empty: they agree. A tenant without records has its counts from its application, where there is
// nothing to compare.
Result<std::vector<CountDifference>> compare_counts(const Store& store, const TenantId& tenant,
                                                    Period current);

}  // namespace metergate
