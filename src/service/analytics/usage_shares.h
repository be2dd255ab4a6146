// Usage shares: one tenant's share of rows of analytics, read from its day rollups, and for whole
// months from the month's.
//
// Functions over the store; safe from any thread.
#pragma once

#include <compare>
#include <functional>
#include <span>
#include <vector>

#include "base/result.h"
#include "domain/period.h"
#include "service/analytics/usage_sum.h"
#include "service/shared/rules.h"
#include "service/tenants/directory.h"
#include "storage/shapes/store.h"

namespace metergate {

// The days folded into a row, and the start of its group, which may be earlier.
struct RowDays {
  Day first;
  Day last;  // included
  Day date;
  friend auto operator<=>(const RowDays&, const RowDays&) = default;
};

struct ShareSources {
  const Store& store;
  const BillingRules& rules;
  Day today;
};

// One share for each row; the rows follow one another without a gap. Storage is that at the row's
// end, or at present for today's row; none in future rows, and before the tenant was created.
Result<> read_shares(const ShareSources& sources, const TenantRecord& record,
                     std::span<const RowDays> rows, std::vector<UsageShare>& shares);
// The shares of every tenant, by id. Calls `visit` for each.
Result<> read_all_shares(
    const ShareSources& sources, const Directory& directory, std::span<const RowDays> rows,
    const std::function<void(const TenantRecord&, const std::vector<UsageShare>&)>& visit);

}  // namespace metergate
