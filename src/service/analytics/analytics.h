// Analytics: usage by day, week or month. One tenant's is read from rollups; that of all tenants
// comes from rows that are updated with each change. For months without rollups the frozen
// statements are used. Safe from any thread.
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

// `storage` is that at the end of the group, or at present for today's group. A tenant is active if
// it has an API call or a webhook attempt in the group.
struct AnalyticsRow : UsageTotals {
  Day date{};  // the first day of the group, even outside the range
  // The rollups are gone: details of the calls are unknown, and for anything but whole months
  // everything is.
  bool is_archived = false;
  bool is_known = true;
};

struct AnalyticsResult {
  DayRange range;
  std::vector<AnalyticsRow> rows;  // one for each group in the range, oldest first
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

  // ErrorCode::invalid if first is after last or the range is over kAnalyticsDaysMax days;
  // tenant_not_found.
  Result<AnalyticsResult> usage(const AnalyticsRequest& request) const;
  // The range of a request. Without both days: the current month. Without the first: from the first
  // day of the last one's month. Without the last: to the end of the current month, or of the first
  // day's month if that is later.
  Result<DayRange> range(const AnalyticsRequest& request) const;

 private:
  Result<std::vector<UsageTotals>> totals(const TenantRecord* record,
                                          const std::vector<RowDays>& rows) const;
  Result<std::set<Period>> archived_in(const DayRange& range) const;
  // Replaces counted figures by the known ones in a row that contains an archived month.
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
