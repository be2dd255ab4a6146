// Aggregation: the ten-minute step. Closes periods whose grace is over and freezes their reports,
// looks at every tenant for alerts that were missed, counts active stores and devices again, and
// has the store write what is only in memory.
//
// Each step can be interrupted anywhere and run again. tick() is called by one worker at a time;
// the rest from any thread.
#pragma once

#include <atomic>
#include <cstddef>

#include "base/log.h"
#include "service/alerts/alerting.h"
#include "service/reports/reporting.h"
#include "service/shared/tick.h"

namespace metergate {

class Aggregation {
 public:
  struct Parts {
    Store& store;
    const Directory& directory;
    const Billing& billing;
    Alerting& alerting;
    Reporting& reporting;
    const BillingRules& rules;
    const Log& log;
  };
  explicit Aggregation(const Parts& parts) : parts_(parts) {}

  // Everything above, once.
  Result<TickReport> tick();
  // The first of it alone.
  Result<TickReport> close_periods();
  // Counts the records of the next slice of tenants; a difference is logged as an error.
  Result<TickReport> recount_slice();

 private:
  Parts parts_;
  std::atomic<std::size_t> next_tenant_{0};
};

}  // namespace metergate
