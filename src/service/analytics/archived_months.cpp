#include "service/analytics/archived_months.h"

#include <algorithm>

#include "domain/wide.h"
#include "service/billing/frozen_reports.h"

namespace metergate {
namespace {

void add(ArchivedTotals& totals, const Statement& statement) {
  const Usage& usage = statement.usage;
  const auto sum = [](std::int64_t a, std::int64_t b) { return saturate(Wide{a} + b); };
  totals.api_calls = sum(totals.api_calls, usage[Meter::api_calls]);
  totals.webhook_calls = sum(totals.webhook_calls, usage[Meter::webhook_calls]);
  totals.storage_bytes = sum(totals.storage_bytes, usage[Meter::storage_gb]);
  const bool is_active = usage[Meter::api_calls] > 0 || usage[Meter::webhook_calls] > 0;
  totals.active_tenants += is_active ? 1 : 0;
}

}  // namespace

// With imported history, statements may be older than the tenants' creation.
Result<bool> ArchivedMonths::had_tenants(Period period) {
  const Timestamp end = period.window(rules_.zone).end;
  for (const auto& record : directory_.all_tenants()) {
    if (record->tenant.created_at < end) return true;
  }
  return FrozenReports(store_).has_closed_report(period);
}

Result<bool> ArchivedMonths::is_archived(Period period, Timestamp now) {
  const Period current = Period::of(now, rules_.zone);
  if (period.ordinal() >= current.ordinal() - rules_.usage_retention_months) return false;
  {
    const std::lock_guard lock{mutex_};
    if (archived_.contains(period)) return true;
  }
  Query query;
  query.collection = Collection::usage_counters;
  query.filter = Filter::equal("period", period.text());
  query.limit = 1;
  if (!TRY(store_.find(query)).empty()) return false;
  if (!TRY(had_tenants(period))) return false;
  const std::lock_guard lock{mutex_};
  archived_.insert(period);
  return true;
}

Result<std::optional<ArchivedTotals>> ArchivedMonths::of_tenant(Period period,
                                                                const TenantRecord& tenant) {
  const FrozenReports reports(store_);
  const auto frozen = TRY(reports.closed_statement(period, tenant.tenant.id));
  ArchivedTotals totals;
  if (frozen) {
    add(totals, frozen->statement);
    return totals;
  }
  // A tenant created later used nothing; an earlier one should have a statement.
  const bool came_later = tenant.tenant.created_at >= period.window(rules_.zone).end;
  if (came_later) return totals;
  return std::nullopt;
}

Result<std::optional<ArchivedTotals>> ArchivedMonths::totals(Period period,
                                                             const TenantRecord* tenant) {
  if (tenant != nullptr) return of_tenant(period, *tenant);
  {
    const std::lock_guard lock{mutex_};
    const auto kept = totals_.find(period);
    if (kept != totals_.end()) return kept->second;
  }
  ArchivedTotals totals;
  const bool is_frozen =
      TRY(FrozenReports(store_).for_each_closed(period, [&](const Statement& one) -> Result<> {
        add(totals, one);
        return {};
      }));
  if (!is_frozen) return std::nullopt;
  const std::lock_guard lock{mutex_};
  totals_.emplace(period, totals);
  return totals;
}

}  // namespace metergate
