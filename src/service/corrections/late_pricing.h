// LatePricing: the effect of correcting an event of a closed period: the changed meters of the
// frozen statement, the quantities and their cost. Writes nothing, except that it closes the period
// if that is still to be done. Safe from any thread.
#pragma once

#include <optional>

#include "service/billing/billing.h"
#include "service/billing/late_lines.h"
#include "service/reports/reporting.h"

namespace metergate {

class LatePricing {
 public:
  LatePricing(Store& store, const Billing& billing, Reporting& reporting, const BillingRules& rules)
      : store_(store), billing_(billing), reporting_(reporting), rules_(rules) {}

  // The next entry of the event's tenant and period, billed in the earliest open period, without
  // the correction's id and reason. `replacement` is in the same period. Errors: conflict
  // (corrected before), period_closed (a changed meter is not a sum, or its price is unknown),
  // invalid (a count).
  Result<LateEntry> price(const KeptEvent& kept,
                          const std::optional<UsageEvent>& replacement) const;

 private:
  struct Base;
  Result<> check_first(const KeptEvent& kept) const;
  Result<Base> base_of(const TenantId& tenant, Period period) const;
  Result<Quantities> quantities(const UsageEvent& event, Sequence sequence, const Base& base) const;
  Result<Quantities> own_quantities(const UsageEvent& event, Sequence sequence,
                                    const Base& base) const;
  Result<bool> counted_it(const OwnLineItem& line, const Base& base) const;
  Store& store_;
  const Billing& billing_;
  Reporting& reporting_;
  const BillingRules& rules_;
};

}  // namespace metergate
