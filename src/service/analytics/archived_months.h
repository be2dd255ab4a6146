// ArchivedMonths: what is still told of months whose counters are gone: their frozen statements. Of
// days in them nothing is known any more. Keeps what it found, which never changes. Any thread.
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

// As billed: the sums of what the statements say.
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

  // Whether the month had tenants, is past its retention and its counters are gone.
  Result<bool> is_archived(Period period, Timestamp now);
  // Of one tenant, or of all: nullptr. Nothing where no statement of it was frozen.
  Result<std::optional<ArchivedTotals>> totals(Period period, const TenantRecord* tenant);

 private:
  Result<std::optional<ArchivedTotals>> of_tenant(Period period, const TenantRecord& tenant);
  Result<bool> had_tenants(Period period);
  Store& store_;
  const Directory& directory_;
  const BillingRules& rules_;
  std::mutex mutex_;  // guards what follows; at most a row for each month there ever was
  std::set<Period> archived_;
  std::map<Period, ArchivedTotals> totals_;
};

}  // namespace metergate
