// Periods: lists open and closed periods and reopens one that was closed by mistake; and the
// remembered time that a start is checked against.
//
// A period with frozen statements stays closed, since they may have been sent. But if by the clock
// it is not yet over with its grace, the freezing was part of the mistake and is undone too.
// Created where needed; safe from any thread.
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
  bool is_frozen = false;              // true if its statements are frozen
  std::optional<Timestamp> closes_at;  // for an open one: when the clock will close it
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

  // From the oldest with a counter to the current one, newest first, at most `limit`.
  Result<std::vector<PeriodState>> list(std::int64_t limit) const;
  // Reopens this period and all after it. ErrorCode::conflict if statements stay frozen, or
  // corrections were billed; invalid for a period that is not closed or that the clock would close
  // again at once, and for a reason of fewer than 3 or more than 500 characters.
  Result<std::vector<Period>> reopen(Period first, const std::string& reason, const Actor& actor);

 private:
  Timestamp closes_at(Period period) const;
  Result<> check(Period first, Period last) const;
  Parts parts_;
};

// The last time that was recorded in the store.
Result<std::optional<Timestamp>> remembered_time(const Store& store);
Result<> remember_time(Store& store, Timestamp now);

}  // namespace metergate
