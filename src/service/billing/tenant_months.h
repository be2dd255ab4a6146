// Tenant months: all tenants, each with its counters of some months, read in one walk. A function
// over the store; any thread.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "service/tenants/directory.h"
#include "storage/shapes/store.h"

namespace metergate {

using Months = std::vector<std::pair<Period, Counter>>;

// Calls `visit` for each tenant of the directory, by id, with its months in the span as
// Store::counter() gives them, oldest first; of a tenant without any with none. Fails as it does.
Result<> for_each_with_months(const Store& store, const Directory& directory, const MonthSpan& span,
                              const std::function<Result<>(const TenantRecord&, Months)>& visit);

}  // namespace metergate
