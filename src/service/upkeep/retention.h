// Retention: the daily step that lets go of what has been kept long enough (rules: "Retention").
//
// Usage counters leave only after they are in the archive folder, one file a period, proven by
// reading it back; nothing of a period that is not closed leaves. Raw events leave by time alone:
// the journal's segment is ended for it where that does not fill (docs/decisions/0032). Each step
// is bounded, can be interrupted anywhere and run again. For one caller at a time.
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

  // `done` counts what was removed.
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
