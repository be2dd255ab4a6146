// Analytics: usage by day, week or month, of one tenant, read from rollups, or of all, from rows
// that follow what changes. Months whose rollups are gone are told from their frozen statements.
// Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "service/analytics/archived_months.h"
#include "service/analytics/usage_rows.h"
#include "service/shared/rules.h"
#include "service/tenants/directory.h"
#include "storage/shapes/store.h"

namespace metergate {

inline constexpr std::int64_t kAnalyticsDaysMax = 1100;

struct AnalyticsRequest {
  std::optional<Day> first;  // nothing: see Analytics::range
  std::optional<Day> last;   // included
  GroupBy group_by = GroupBy::day;
  std::optional<TenantId> tenant;  // nothing: all tenants
};

struct DayRange {
  Day first;
  Day last;  // included
};

// Of storage: at the group's end, or now in the group of today. Active is a tenant with an API call
// or a webhook attempt in the group.
struct AnalyticsRow : UsageTotals {
  Day date{};  // the first day of the group, also where the range cuts it
  // Its rollups are gone: what the calls were like is not known, and of anything but whole months
  // nothing is.
  bool is_archived = false;
  bool is_known = true;
};

struct AnalyticsResult {
  DayRange range;
  std::vector<AnalyticsRow> rows;  // one for every group that the range touches, oldest first
};

class Analytics {
 public:
  Analytics(Store& store, const Directory& directory, const BillingRules& rules, const Clock& clock)
      : store_(store),
        directory_(directory),
        rules_(rules),
        clock_(clock),
        rows_(store, directory, rules),
        archived_(store, directory, rules) {}

  // ErrorCode::invalid where first lies behind last or the range is over kAnalyticsDaysMax days;
  // tenant_not_found.
  Result<AnalyticsResult> usage(const AnalyticsRequest& request) const;
  // Neither given: the current month. Only the last: from the first of its month. Only the first:
  // to the end of the current month, or of its own where that is later.
  Result<DayRange> range(const AnalyticsRequest& request) const;

 private:
  Result<std::vector<UsageTotals>> totals(const TenantRecord* record,
                                          const std::vector<RowDays>& rows) const;
  Result<std::set<Period>> archived_in(const DayRange& range) const;
  // Of a row with an archived month in it: puts what is known in the place of what was counted.
  Result<> take_archived(const TenantRecord* record, const RowDays& days, AnalyticsRow& row) const;
  const Store& store_;
  const Directory& directory_;
  const BillingRules& rules_;
  const Clock& clock_;
  mutable UsageRows rows_;
  mutable ArchivedMonths archived_;
};

Json analytics_json(const AnalyticsResult& result, const AnalyticsRequest& request);

}  // namespace metergate
