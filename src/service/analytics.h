// Analytics: usage by day, week or month, of one tenant or of all, read from day rollups, whole
// months from those of months.
//
// Rows over all tenants are kept until something in their days or before changes, at most
// kKeptRowsMax of them. Any thread.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "base/histogram.h"
#include "service/directory.h"
#include "service/rules.h"
#include "storage/store.h"

namespace metergate {

inline constexpr std::int64_t kAnalyticsDaysMax = 1100;
inline constexpr std::size_t kKeptRowsMax = 1500;

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

struct AnalyticsRow {
  Day date;                         // the first day of the group, also where the range cuts it
  CallSums calls;                   // with the durations of all calls in the group
  WebhookSums webhooks;             // sums over all tenants, as all of a row
  std::int64_t storage_bytes = 0;   // at the group's end, or now in the group of today
  std::int64_t active_tenants = 0;  // with an API call or a webhook attempt in the group
};

struct AnalyticsResult {
  DayRange range;
  std::vector<AnalyticsRow> rows;  // one for every group that the range touches, oldest first
};

class Analytics {
 public:
  Analytics(const Store& store, const Directory& directory, const BillingRules& rules,
            const Clock& clock)
      : store_(store), directory_(directory), rules_(rules), clock_(clock) {}

  // ErrorCode::invalid where first lies behind last or the range is over kAnalyticsDaysMax days;
  // tenant_not_found.
  Result<AnalyticsResult> usage(const AnalyticsRequest& request) const;
  // Neither given: the current month. Only the last: from the first of its month. Only the first:
  // to the end of the current month, or of its own where that is later.
  Result<DayRange> range(const AnalyticsRequest& request) const;

 private:
  struct KeptRow {
    AnalyticsRow row;
    ChangeMark store_mark = 0;  // had before it was made; likewise the next
    ChangeMark directory_mark = 0;
    Day made_on;
  };
  // Which days were folded into a row, and when its group began: that may be before them.
  struct RowDays {
    Day first;
    Day last;
    Day date;
    friend auto operator<=>(const RowDays&, const RowDays&) = default;
  };
  // Some of a result's rows that follow one another, and their days.
  struct Part {
    DayRange range;
    std::span<AnalyticsRow> rows;
    GroupBy group_by;
  };
  Result<> add_tenant(const TenantRecord& record, const Part& part) const;
  Result<> add_tenant_days(const TenantRecord& record, const Part& part) const;
  Result<> add_tenant_months(const TenantRecord& record, const Part& part) const;
  Result<> add_all_tenants(AnalyticsResult& result, GroupBy group_by) const;
  static RowDays days_of(const AnalyticsRow& row, const DayRange& range, GroupBy group_by);
  Result<> make_rows(const Part& part, ChangeMark directory_mark) const;
  bool is_good(const KeptRow& kept, const RowDays& of_row, ChangeMark directory_mark) const;
  const Store& store_;
  const Directory& directory_;
  const BillingRules& rules_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  mutable std::map<RowDays, KeptRow> kept_;
};

Json analytics_json(const AnalyticsResult& result, const AnalyticsRequest& request);

}  // namespace metergate
