#include "service/analytics.h"

#include <algorithm>

#include "service/call_figures.h"

namespace metergate {

namespace {

using std::chrono::days;

Result<DayRange> checked(DayRange range) {
  const std::int64_t length = (range.last - range.first).count() + 1;
  if (length < 1) {
    const std::string message = "start_date " + to_text(range.first) + " is after end_date " +
                                to_text(range.last) + ": must be the same day or an earlier one";
    return fail(Error{ErrorCode::invalid, message, {Fault{std::nullopt, "start_date", message}}});
  }
  if (length > kAnalyticsDaysMax) {
    const std::string message = to_text(range.first) + " to " + to_text(range.last) + " is " +
                                std::to_string(length) + " days: must be at most " +
                                std::to_string(kAnalyticsDaysMax);
    return fail(Error{ErrorCode::invalid, message, {Fault{std::nullopt, "end_date", message}}});
  }
  return range;
}

std::vector<AnalyticsRow> empty_rows(const DayRange& range, GroupBy group_by) {
  std::vector<AnalyticsRow> rows;
  for (Day day = group_start(range.first, group_by); day <= range.last;
       day = next_group(day, group_by)) {
    AnalyticsRow row;
    row.date = day;
    rows.push_back(std::move(row));
  }
  return rows;
}

bool has_any(const Gauges& gauges) {
  return gauges.stores.is_set() || gauges.devices.is_set() || gauges.sales.is_set() ||
         gauges.tickets.is_set() || gauges.audits.is_set() || gauges.reported_bytes.is_set();
}

// Folds the days of one tenant that lie in a group into its row.
class TenantWalk {
 public:
  TenantWalk(const std::vector<DayRow>& rows, const Gauges& before, const BillingRules& rules)
      : rows_(rows), gauges_(before), rules_(rules) {
    weigh();
  }

  void walk_group(AnalyticsRow& row, Day end) {
    bool is_active = false;
    for (; next_ < rows_.size() && rows_[next_].day < end; ++next_) {
      const Counter& counter = rows_[next_].counter;
      row.calls.merge(counter.calls);
      row.webhooks.merge(counter.webhooks);
      is_active = is_active || counter.calls.count > 0 || counter.webhooks.count > 0;
      take(counter.gauges);
    }
    if (is_active) ++row.active_tenants;
  }

  bool has_gauges() const { return has_gauges_; }
  std::int64_t bytes() const { return bytes_; }

 private:
  void take(const Gauges& day) {
    if (!has_any(day)) return;
    Gauges later = day;
    later.carry(gauges_, rules_.zone.start_of(rows_[next_].day));
    gauges_ = later;
    weigh();
  }

  void weigh() {
    has_gauges_ = has_any(gauges_);
    bytes_ = storage_bytes(gauges_, rules_.storage);
  }

  const std::vector<DayRow>& rows_;
  Gauges gauges_;
  const BillingRules& rules_;
  std::size_t next_ = 0;
  bool has_gauges_ = false;
  std::int64_t bytes_ = 0;
};

Json row_json(const AnalyticsRow& row) {
  return Json::object({
      {"date", to_text(row.date)},
      {"total_api_calls", row.calls.count},
      {"total_webhook_calls", row.webhooks.count},
      {"total_storage_gb", to_display(Meter::storage_gb, row.storage_bytes)},
      {"active_tenants", row.active_tenants},
      {"success_rate_percent", percent_json(row.calls.successes(), row.calls.count)},
      {"avg_response_time_ms", mean_ms_json(row.calls.duration_us, row.calls.count)},
      {"p95_response_time_ms", percentile_ms_json(row.calls.durations, 950)},
  });
}

}  // namespace

Result<DayRange> Analytics::range(const AnalyticsRequest& request) const {
  const Period current = Period::of(clock_.now(), rules_.zone);
  DayRange range{current.first_day(), current.last_day()};
  if (request.first) {
    range.first = *request.first;
    range.last = std::max(range.last, Period::of(range.first).last_day());
  }
  if (request.last) {
    range.last = *request.last;
    if (!request.first) range.first = Period::of(range.last).first_day();
  }
  return checked(range);
}

Result<> Analytics::add_tenant(const TenantRecord& record, const Part& part) const {
  const bool is_whole_months = part.group_by == GroupBy::month &&
                               part.range.first == Period::of(part.range.first).first_day() &&
                               part.range.last == Period::of(part.range.last).last_day();
  return is_whole_months ? add_tenant_months(record, part) : add_tenant_days(record, part);
}

Result<> Analytics::add_tenant_days(const TenantRecord& record, const Part& part) const {
  const TenantId& id = record.tenant.id;
  const DayRange& range = part.range;
  const std::vector<DayRow> rows = TRY(store_.days(id, range.first, range.last));
  const Gauges before = TRY(store_.gauges_before(id, range.first));
  const Day today = rules_.zone.day_of(clock_.now());
  const Day created = rules_.zone.day_of(record.tenant.created_at);
  TenantWalk walk{rows, before, rules_};
  for (AnalyticsRow& row : part.rows) {
    const Day end = std::min(next_group(row.date, part.group_by), range.last + days{1});
    walk.walk_group(row, end);
    // What will be stored is not known; a tenant stores nothing before it is there.
    const bool is_there = created < end || walk.has_gauges();
    if (row.date <= today && is_there) row.storage_bytes += walk.bytes();
  }
  return {};
}

// The same of whole months, of which a counter says all that its days would.
Result<> Analytics::add_tenant_months(const TenantRecord& record, const Part& part) const {
  const TenantId& id = record.tenant.id;
  // Newest first. One look for all months costs less than several for one.
  std::vector<std::pair<Period, Counter>> months = TRY(store_.counters(id));
  const Day today = rules_.zone.day_of(clock_.now());
  const Day created = rules_.zone.day_of(record.tenant.created_at);
  Gauges gauges;
  for (AnalyticsRow& row : part.rows) {
    const Period period = Period::of(row.date);
    while (!months.empty() && months.back().first < period) {
      gauges = months.back().second.gauges;
      months.pop_back();
    }
    if (!months.empty() && months.back().first == period) {
      const Counter& counter = months.back().second;
      row.calls.merge(counter.calls);
      row.webhooks.merge(counter.webhooks);
      if (counter.calls.count > 0 || counter.webhooks.count > 0) ++row.active_tenants;
      gauges = counter.gauges;
    }
    const bool is_there = created <= period.last_day() || has_any(gauges);
    if (row.date <= today && is_there) row.storage_bytes += storage_bytes(gauges, rules_.storage);
  }
  return {};
}

// A row of days that are over does not change with the directory: who comes later has nothing then.
bool Analytics::is_good(const KeptRow& kept, const RowDays& of_row,
                        ChangeMark directory_mark) const {
  if (kept.store_mark < store_.days_changed(of_row.last)) return false;
  const Day today = rules_.zone.day_of(clock_.now());
  if (of_row.last < kept.made_on) return kept.made_on <= today;
  return kept.made_on == today && kept.directory_mark == directory_mark;
}

Result<> Analytics::make_rows(const Part& part, ChangeMark directory_mark) const {
  const ChangeMark store_mark = store_.changed_tenants(UINT64_MAX).through;
  for (const std::shared_ptr<const TenantRecord>& record : directory_.all_tenants())
    TRY(add_tenant(*record, part));
  const Day today = rules_.zone.day_of(clock_.now());
  for (const AnalyticsRow& row : part.rows) {
    if (kept_.size() >= kKeptRowsMax) kept_.clear();
    const RowDays of_row = days_of(row, part.range, part.group_by);
    kept_.insert_or_assign(of_row, KeptRow{row, store_mark, directory_mark, today});
  }
  return {};
}

Analytics::RowDays Analytics::days_of(const AnalyticsRow& row, const DayRange& range,
                                      GroupBy group_by) {
  return {std::max(row.date, range.first),
          std::min(next_group(row.date, group_by) - days{1}, range.last), row.date};
}

Result<> Analytics::add_all_tenants(AnalyticsResult& result, GroupBy group_by) const {
  const std::lock_guard lock{mutex_};
  const ChangeMark directory_mark = directory_.changed_tenants(UINT64_MAX).through;
  std::vector<AnalyticsRow>& rows = result.rows;
  for (std::size_t at = 0; at < rows.size();) {
    const auto kept = kept_.find(days_of(rows[at], result.range, group_by));
    if (kept != kept_.end() && is_good(kept->second, kept->first, directory_mark)) {
      rows[at++] = kept->second.row;
      continue;
    }
    // Those that follow and have to be made as well are made in one go.
    std::size_t end = at + 1;
    while (end < rows.size()) {
      const auto next = kept_.find(days_of(rows[end], result.range, group_by));
      if (next != kept_.end() && is_good(next->second, next->first, directory_mark)) break;
      ++end;
    }
    const DayRange range{days_of(rows[at], result.range, group_by).first,
                         days_of(rows[end - 1], result.range, group_by).last};
    const Part part{range, std::span(rows).subspan(at, end - at), group_by};
    TRY(make_rows(part, directory_mark));
    at = end;
  }
  return {};
}

Result<AnalyticsResult> Analytics::usage(const AnalyticsRequest& request) const {
  AnalyticsResult result;
  std::shared_ptr<const TenantRecord> record;
  if (request.tenant) record = TRY(directory_.get(*request.tenant));
  result.range = TRY(range(request));
  result.rows = empty_rows(result.range, request.group_by);
  if (record != nullptr) {
    TRY(add_tenant(*record, Part{result.range, result.rows, request.group_by}));
  } else {
    TRY(add_all_tenants(result, request.group_by));
  }
  return result;
}

Json analytics_json(const AnalyticsResult& result, const AnalyticsRequest& request) {
  const Json first{to_text(result.range.first)};
  const Json last{to_text(result.range.last)};
  Json rows = Json::array();
  for (const AnalyticsRow& row : result.rows) rows.push_back(row_json(row));
  return Json::object({
      {"analytics", Json::object({
                        {"period", Json::object({{"start", first}, {"end", last}})},
                        {"group_by", to_text(request.group_by)},
                        {"data", std::move(rows)},
                    })},
      {"filters", Json::object({
                      {"tenant_id", request.tenant ? request.tenant->text() : std::string{}},
                      {"start_date", first},
                      {"end_date", last},
                      {"group_by", to_text(request.group_by)},
                  })},
  });
}

}  // namespace metergate
