#include "service/billing/tenant_months.h"

namespace metergate {

Result<> for_each_with_months(const Store& store, const Directory& directory, const MonthSpan& span,
                              const std::function<Result<>(const TenantRecord&, Months)>& visit) {
  const std::vector<std::shared_ptr<const TenantRecord>> records = directory.all_tenants();
  auto next = records.begin();
  // Both come by id: records before this one have no month.
  const auto visit_before = [&](const TenantId& id) -> Result<> {
    for (; next != records.end() && (*next)->tenant.id < id; ++next) TRY(visit(**next, {}));
    return {};
  };
  Result<> visited;
  TRY(store.months_of_all_tenants(span, [&](TenantMonths& found) {
    visited = visit_before(found.tenant);
    if (visited && next != records.end() && (*next)->tenant.id == found.tenant)
      visited = visit(**next++, std::move(found.months));
    return visited.has_value();
  }));
  if (!visited) return visited;
  for (; next != records.end(); ++next) TRY(visit(**next, {}));
  return {};
}

}  // namespace metergate
