#include "service/analytics/usage_shares.h"

#include <algorithm>
#include <map>

#include "service/billing/tenant_months.h"

namespace metergate {
namespace {

using std::chrono::days;

bool is_active(const Counter& counter) {
  return counter.calls.count > 0 || counter.webhooks.count > 0;
}

bool is_whole_month(const RowDays& row) {
  return row.first == Period::of(row.first).first_day() &&
         row.last == Period::of(row.first).last_day();
}

// A tenant's storage at the end of a row, given its levels at that time.
class StorageRule {
 public:
  StorageRule(const ShareSources& sources, const TenantRecord& record)
      : sources_(sources), created_(sources.rules.zone.day_of(record.tenant.created_at)) {}

  std::int64_t bytes(const RowDays& row, const Gauges& gauges) const {
    // Future storage is unknown; before its creation a tenant has none.
    const bool is_there = created_ <= row.last || gauges.has_any();
    if (row.date > sources_.today || !is_there) return 0;
    return storage_bytes(gauges, sources_.rules.storage);
  }

 private:
  const ShareSources& sources_;
  Day created_;
};

// True if the levels at the end of a month are those at the end of the day, because none was set
// later.
bool are_of_day(const Gauges& gauges, Timestamp end_of_day) {
  const auto is_before = [end_of_day](const Gauge& gauge) { return gauge.at < end_of_day; };
  return is_before(gauges.stores) && is_before(gauges.devices) && is_before(gauges.sales) &&
         is_before(gauges.tickets) && is_before(gauges.audits) && is_before(gauges.reported_bytes);
}

// A tenant's levels at the ends of days, from the month's counter if that has them, otherwise day
// by day. The counter is preferred, since retention may have removed the day that set them.
class GaugeWalk {
 public:
  static Result<GaugeWalk> begin(const ShareSources& sources, const TenantId& tenant,
                                 std::span<const RowDays> rows) {
    GaugeWalk walk(sources.rules.zone, Period::of(rows.front().first));
    const Period last = Period::of(rows.back().last);
    if (last == walk.month_) {
      std::optional<Counter> counter = TRY(sources.store.counter(tenant, last));
      if (counter) walk.months_.emplace(last, counter->gauges);
    } else {
      for (const auto& [month, counter] : TRY(sources.store.counters(tenant)))
        walk.months_.emplace(month, counter.gauges);
    }
    // A single row at the end needs no walk.
    if (rows.size() == 1 && walk.of_month(rows.front().last) != nullptr) return walk;
    walk.gauges_ = TRY(sources.store.gauges_before(tenant, rows.front().first));
    return walk;
  }

  void take(const DayRow& row) {
    go_to(row.day);
    Gauges later = row.counter.gauges;
    later.carry(gauges_, zone_.start_of(row.day));
    gauges_ = later;
  }
  const Gauges& at_end_of(Day day) {
    go_to(day);
    const Gauges* of_month = this->of_month(day);
    return of_month != nullptr ? *of_month : gauges_;
  }

 private:
  GaugeWalk(const TimeZone& zone, Period month) : zone_(zone), month_(month) {}
  const Gauges* of_month(Day day) const {
    const auto found = months_.find(Period::of(day));
    const bool is_known =
        found != months_.end() && are_of_day(found->second, zone_.start_of(day + days{1}));
    return is_known ? &found->second : nullptr;
  }
  void go_to(Day day) {
    for (const Period wanted = Period::of(day); month_ < wanted; month_ = month_.next()) {
      if (const auto ended = months_.find(month_); ended != months_.end()) gauges_ = ended->second;
    }
  }
  const TimeZone& zone_;
  Period month_;
  std::map<Period, Gauges> months_;
  Gauges gauges_;
};

void take_calls(const DayRow& day, UsageShare& share) {
  share.calls.merge(day.counter.calls);
  share.webhooks.merge(day.counter.webhooks);
  share.is_active = share.is_active || is_active(day.counter);
}

Result<> read_days(const ShareSources& sources, const TenantRecord& record,
                   std::span<const RowDays> rows, std::span<UsageShare> shares) {
  const TenantId& id = record.tenant.id;
  const std::vector<DayRow> found =
      TRY(sources.store.days(id, rows.front().first, rows.back().last));
  GaugeWalk walk = TRY(GaugeWalk::begin(sources, id, rows));
  const StorageRule storage(sources, record);
  auto next = found.begin();
  for (std::size_t at = 0; at < rows.size(); ++at) {
    for (; next != found.end() && next->day <= rows[at].last; ++next) {
      take_calls(*next, shares[at]);
      walk.take(*next);
    }
    shares[at].storage_bytes = storage.bytes(rows[at], walk.at_end_of(rows[at].last));
  }
  return {};
}

// Whole months are taken from their counters. `months` begins at or before the first row's month.
void take_months(const ShareSources& sources, const TenantRecord& record,
                 std::span<const RowDays> rows, Months months, std::span<UsageShare> shares) {
  const StorageRule storage(sources, record);
  Gauges gauges;
  auto next = months.begin();
  for (std::size_t at = 0; at < rows.size(); ++at) {
    const Period period = Period::of(rows[at].first);
    for (; next != months.end() && next->first < period; ++next) gauges = next->second.gauges;
    UsageShare& share = shares[at];
    if (next != months.end() && next->first == period) {
      Counter& counter = next->second;
      gauges = counter.gauges;
      share.is_active = is_active(counter);
      share.calls = std::move(counter.calls);
      share.webhooks = counter.webhooks;
    }
    share.storage_bytes = storage.bytes(rows[at], gauges);
  }
}

Result<> read_months(const ShareSources& sources, const TenantRecord& record,
                     std::span<const RowDays> rows, std::span<UsageShare> shares) {
  const TenantId& id = record.tenant.id;
  Months months;
  if (rows.size() == 1) {
    const Period period = Period::of(rows.front().first);
    std::optional<Counter> counter = TRY(sources.store.counter(id, period));
    if (counter) months.emplace_back(period, *std::move(counter));
  } else {
    // Reading all months at once costs less than several single reads.
    months = TRY(sources.store.counters(id));
    std::ranges::reverse(months);
  }
  take_months(sources, record, rows, std::move(months), shares);
  return {};
}

}  // namespace

Result<> read_shares(const ShareSources& sources, const TenantRecord& record,
                     std::span<const RowDays> rows, std::vector<UsageShare>& shares) {
  shares.assign(rows.size(), {});
  return std::ranges::all_of(rows, is_whole_month) ? read_months(sources, record, rows, shares)
                                                   : read_days(sources, record, rows, shares);
}

Result<> read_all_shares(
    const ShareSources& sources, const Directory& directory, std::span<const RowDays> rows,
    const std::function<void(const TenantRecord&, const std::vector<UsageShare>&)>& visit) {
  std::vector<UsageShare> shares;
  if (std::ranges::all_of(rows, is_whole_month)) {
    const MonthSpan span{Period::of(rows.front().first), Period::of(rows.back().first)};
    return for_each_with_months(sources.store, directory, span,
                                [&](const TenantRecord& record, Months months) -> Result<> {
                                  shares.assign(rows.size(), {});
                                  take_months(sources, record, rows, std::move(months), shares);
                                  visit(record, shares);
                                  return {};
                                });
  }
  for (const std::shared_ptr<const TenantRecord>& record : directory.all_tenants()) {
    TRY(read_shares(sources, *record, rows, shares));
    visit(*record, shares);
  }
  return {};
}

}  // namespace metergate
