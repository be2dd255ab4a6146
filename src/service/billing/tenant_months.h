// Tenant months: all tenants with their counters of some months, read in one walk. A function over
// the store; safe from any thread.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "service/tenants/directory.h"
#include "storage/shapes/store.h"

namespace metergate {

using Months = std::vector<std::pair<Period, Counter>>;

// Calls `visit` for each tenant of the directory, by id, with its months in the span as
// Store::counter() returns them, oldest first, possibly none. Returns the first error of `visit`.
Result<> for_each_with_months(const Store& store, const Directory& directory, const MonthSpan& span,
                              const std::function<Result<>(const TenantRecord&, Months)>& visit);

}  // namespace metergate
