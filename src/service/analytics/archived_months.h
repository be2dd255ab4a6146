// ArchivedMonths: the totals of months whose counters are gone, from their frozen statements.
// Figures of their days are unknown. Caches its results, which never change. Safe from any thread.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>

#include "domain/period.h"
#include "service/shared/rules.h"
#include "service/tenants/directory.h"
#include "storage/shapes/store.h"

namespace metergate {

// The billed totals: sums over the statements.
struct ArchivedTotals {
  std::int64_t api_calls = 0;
  std::int64_t webhook_calls = 0;
  std::int64_t storage_bytes = 0;
  std::int64_t active_tenants = 0;  // with an API call or a webhook attempt
};

class ArchivedMonths {
 public:
  ArchivedMonths(Store& store, const Directory& directory, const BillingRules& rules)
      : store_(store), directory_(directory), rules_(rules) {}

  // True if the month had tenants, is past its retention and its counters are gone.
  Result<bool> is_archived(Period period, Timestamp now);
  // The totals of one tenant, or of all (nullptr). Nothing if no statement of the month was frozen.
  Result<std::optional<ArchivedTotals>> totals(Period period, const TenantRecord* tenant);

 private:
  Result<std::optional<ArchivedTotals>> of_tenant(Period period, const TenantRecord& tenant);
  Result<bool> had_tenants(Period period);
  Store& store_;
  const Directory& directory_;
  const BillingRules& rules_;
  std::mutex mutex_;  // guards the members below; at most one row for each month
  std::set<Period> archived_;
  std::map<Period, ArchivedTotals> totals_;
};

}  // namespace metergate
