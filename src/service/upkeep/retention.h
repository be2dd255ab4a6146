// Retention: the daily step that removes records past their retention (rules: "Retention").
//
// Usage counters are removed only once they are in the archive folder, one file for each period,
// verified by reading it back; counters of a period that is not closed stay. Raw events are removed
// by time alone: the journal's segment is ended for that even if it is not full
// (docs/decisions/0032). Each step is bounded, and can be interrupted anywhere and run again. One
// caller at a time.
#pragma once

#include <optional>
#include <string>

#include "base/log.h"
#include "service/billing/billing.h"
#include "service/shared/idempotency.h"
#include "service/shared/tick.h"

namespace metergate {

class Retention {
 public:
  struct Parts {
    Store& store;
    const Billing& billing;
    Idempotency& idempotency;
    const BillingRules& rules;
    const Log& log;
  };
  explicit Retention(const Parts& parts) : parts_(parts) {}

  // `done` counts the removed records.
  Result<TickReport> tick(Timestamp now);

 private:
  Result<TickReport> retire_counters(Timestamp now);
  Result<TickReport> retire_events(Timestamp now);
  Result<TickReport> sweep_keys(Timestamp now);
  Result<> repeat_audit_head(Timestamp now);
  Result<std::optional<Period>> oldest_before(Period cut) const;
  // Afterwards every counter of the period is in a file of the archive folder.
  Result<> archive(Period period);
  Result<TickReport> retire(const RetentionCut& cut);
  Period cut_at(Timestamp now, int months) const;
  Parts parts_;
};

}  // namespace metergate
