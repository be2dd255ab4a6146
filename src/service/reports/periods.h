// Periods: which are open and which are closed, and the taking up again of one that was closed by
// mistake; and the time that a start is held against.
//
// A period whose statements are frozen stays closed, as they may have been sent; but where by the
// clock it is not yet over with its grace, the freezing was the mistake, and goes with it. Made
// where it is needed; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "service/billing/billing.h"
#include "service/shared/actor.h"

namespace metergate {

struct PeriodState {
  Period period;
  bool is_closed = false;
  bool is_frozen = false;              // its statements are
  std::optional<Timestamp> closes_at;  // of an open one: when by the clock it will be closed
};

class Periods {
 public:
  struct Parts {
    Store& store;
    const Billing& billing;
    const BillingRules& rules;
    const Clock& clock;
  };
  explicit Periods(const Parts& parts) : parts_(parts) {}

  // From the oldest that has a counter to the current one, newest first, at most `limit`.
  Result<std::vector<PeriodState>> list(std::int64_t limit) const;
  // This period and all after it take events again. ErrorCode::conflict where statements are frozen
  // that stay so, or corrections were billed; invalid for one that is not closed, one that the
  // clock would close again at once, and a reason of fewer than 3 or more than 500 characters.
  Result<std::vector<Period>> reopen(Period first, const std::string& reason, const Actor& actor);

 private:
  Timestamp closes_at(Period period) const;
  Result<> check(Period first, Period last) const;
  Parts parts_;
};

// What time it was when somebody looked last, in the store.
Result<std::optional<Timestamp>> remembered_time(const Store& store);
Result<> remember_time(Store& store, Timestamp now);

}  // namespace metergate
