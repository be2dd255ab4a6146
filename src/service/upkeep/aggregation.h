// Aggregation: the ten-minute step. Closes periods whose grace is over and freezes their reports,
// checks every tenant for missed alerts, recounts active stores and devices, and has the store
// write its unsaved data.
//
// Each step can be interrupted anywhere and run again. One worker at a time calls tick(); the
// others may be called from any thread.
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

  // Everything above, the look at the tenants in bounded steps: `more` while some are left.
  Result<TickReport> tick();
  // Only closes periods.
  Result<TickReport> close_periods();
  // Recounts the records of the next slice of tenants; a difference is logged as an error.
  Result<TickReport> recount_slice();

 private:
  Parts parts_;
  std::atomic<std::size_t> next_tenant_{0};
  bool is_sweeping_ = false;  // the last tick() left tenants to look at
};

}  // namespace metergate
