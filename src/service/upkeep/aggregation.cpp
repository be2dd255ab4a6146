#include "service/upkeep/aggregation.h"

#include <algorithm>

#include "service/metering/record_counts.h"

namespace metergate {

namespace {

constexpr std::size_t kTenantsPerSlice = 500;

}  // namespace

Result<TickReport> Aggregation::close_periods() {
  TickReport report;
  TRY(parts_.reporting.note_time());
  const Billing& billing = parts_.billing;
  const Period last = billing.last_closed_period();
  const std::int32_t oldest =
      billing.current_period().ordinal() - parts_.rules.usage_retention_months;
  const FrozenReports frozen{parts_.store};
  for (Period period = Period::from_ordinal(oldest); period <= last; period = period.next()) {
    const std::optional<Period> closed = parts_.store.closed_through();
    const bool is_refused = closed && period <= *closed;
    if (is_refused && TRY(frozen.has_closed_report(period))) continue;
    // A month from before the first record stays open, since its history may still be imported.
    if (!TRY(billing.has_content(period))) continue;
    if (!TRY(parts_.reporting.close(period))) continue;
    parts_.log.info("aggregate.period_closed", {{"period", period.text()}});
    ++report.done;
  }
  return report;
}

Result<TickReport> Aggregation::recount_slice() {
  const std::vector<std::shared_ptr<const TenantRecord>> records = parts_.directory.all_tenants();
  TickReport report;
  const std::size_t first = next_tenant_ < records.size() ? next_tenant_.load() : 0;
  const std::size_t end = std::min(records.size(), first + kTenantsPerSlice);
  const Period current = parts_.billing.current_period();
  for (std::size_t at = first; at < end; ++at) {
    const TenantId& tenant = records[at]->tenant.id;
    for (const CountDifference& difference : TRY(compare_counts(parts_.store, tenant, current))) {
      parts_.log.error("aggregate.count_differs", {{"tenant_id", tenant.text()},
                                                   {"meter", row_of(difference.meter).name},
                                                   {"records", difference.records},
                                                   {"counter", difference.gauge}});
      ++report.faults;
    }
    ++report.done;
  }
  next_tenant_ = end;
  return report;
}

Result<TickReport> Aggregation::tick() {
  TickReport total;
  if (!is_sweeping_) total = TRY(close_periods());
  // One tenant's alert that cannot be written does not stop the steps after it.
  const Result<TickReport> swept = parts_.alerting.sweep();
  is_sweeping_ = swept && swept->more;
  if (is_sweeping_) {
    total.done += swept->done;
    total.more = true;
    return total;
  }
  const TickReport counted = TRY(recount_slice());
  TRY(parts_.store.checkpoint());
  total.done += TRY(swept).done + counted.done;
  total.faults += counted.faults;
  return total;
}

}  // namespace metergate
