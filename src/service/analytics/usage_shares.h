// Usage shares: what one tenant brings into rows of analytics, read from its day rollups, of whole
// months from those of months.
//
// Functions over the store; any thread.
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

// The days that are folded into a row, and when its group began: that may be before them.
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

// One for each of the rows, which follow one another without a gap. Storage is that at the row's
// end, or now in the row of today; nothing in rows to come, and before the tenant was there.
Result<> read_shares(const ShareSources& sources, const TenantRecord& record,
                     std::span<const RowDays> rows, std::vector<UsageShare>& shares);
// The same of every tenant, by id. Calls `visit` for each.
Result<> read_all_shares(
    const ShareSources& sources, const Directory& directory, std::span<const RowDays> rows,
    const std::function<void(const TenantRecord&, const std::vector<UsageShare>&)>& visit);

}  // namespace metergate
