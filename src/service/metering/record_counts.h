// Record counts: compares the number of active stores and devices among a tenant's records with its
// levels. Safe from any thread.
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

// Empty if they agree, and for a tenant without records, whose application states the counts.
Result<std::vector<CountDifference>> compare_counts(const Store& store, const TenantId& tenant,
                                                    Period current);

}  // namespace metergate
