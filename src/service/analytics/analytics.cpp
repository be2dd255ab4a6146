#include "service/analytics/analytics.h"

#include <algorithm>
#include <utility>

#include "service/shared/call_figures.h"

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

std::vector<RowDays> rows_of(const DayRange& range, GroupBy group_by) {
  std::vector<RowDays> rows;
  for (Day day = group_start(range.first, group_by); day <= range.last;) {
    const Day next = next_group(day, group_by);
    rows.push_back({std::max(day, range.first), std::min(next - days{1}, range.last), day});
    day = next;
  }
  return rows;
}

bool covers_a_month(const RowDays& row) {
  const Period period = Period::of(row.first);
  return row.first == period.first_day() && row.last == period.last_day();
}

// Unknown figures are null, not 0.
Json archived_row_json(const AnalyticsRow& row) {
  const auto known = [&row](Json value) { return row.is_known ? std::move(value) : Json(); };
  return Json::object({
      {"date", to_text(row.date)},
      {"total_api_calls", known(row.calls.count)},
      {"total_webhook_calls", known(row.webhooks.count)},
      {"total_storage_gb", known(to_display(Meter::storage_gb, row.storage_bytes))},
      {"active_tenants", known(row.active_tenants)},
      {"success_rate_percent", Json()},
      {"avg_response_time_ms", Json()},
      {"p95_response_time_ms", Json()},
      {"archived", true},
  });
}

Json row_json(const AnalyticsRow& row) {
  if (row.is_archived) return archived_row_json(row);
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

// For one tenant, or for all (nullptr).
Result<std::vector<UsageTotals>> Analytics::totals(const TenantRecord* record,
                                                   const std::vector<RowDays>& rows) const {
  const Day today = rules_.zone.day_of(clock_.now());
  if (record == nullptr) return rows_.totals(rows, today);
  std::vector<UsageShare> shares;
  TRY(read_shares({store_, rules_, today}, *record, rows, shares));
  std::vector<UsageTotals> totals;
  for (UsageShare& share : shares)
    totals.push_back(
        {std::move(share.calls), share.webhooks, share.storage_bytes, share.is_active ? 1 : 0});
  return totals;
}

Result<AnalyticsResult> Analytics::usage(const AnalyticsRequest& request) const {
  std::shared_ptr<const TenantRecord> record;
  if (request.tenant) record = TRY(directory_.get(*request.tenant));
  AnalyticsResult result;
  result.range = TRY(range(request));
  const std::vector<RowDays> rows = rows_of(result.range, request.group_by);
  std::vector<UsageTotals> totals = TRY(this->totals(record.get(), rows));
  const std::set<Period> archived = TRY(archived_in(result.range));
  for (std::size_t at = 0; at < rows.size(); ++at) {
    result.rows.push_back({std::move(totals[at]), rows[at].date});
    const RowDays& days = rows[at];
    const bool is_archived =
        archived.contains(Period::of(days.first)) || archived.contains(Period::of(days.last));
    if (is_archived) TRY(take_archived(record.get(), days, result.rows.back()));
  }
  return result;
}

Result<std::set<Period>> Analytics::archived_in(const DayRange& range) const {
  std::set<Period> archived;
  const Period last = Period::of(range.last);
  for (Period period = Period::of(range.first); period <= last; period = period.next()) {
    if (TRY(archived_.is_archived(period, clock_.now()))) archived.insert(period);
  }
  return archived;
}

Result<> Analytics::take_archived(const TenantRecord* record, const RowDays& days,
                                  AnalyticsRow& row) const {
  const Day date = row.date;
  row = AnalyticsRow{{}, date, true, false};
  if (!covers_a_month(days)) return {};
  const std::optional<ArchivedTotals> totals =
      TRY(archived_.totals(Period::of(days.first), record));
  if (!totals) return {};
  row.is_known = true;
  row.calls.count = totals->api_calls;
  row.webhooks.count = totals->webhook_calls;
  row.storage_bytes = totals->storage_bytes;
  row.active_tenants = totals->active_tenants;
  return {};
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
