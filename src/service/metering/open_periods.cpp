#include "service/metering/open_periods.h"

#include "domain/period.h"

namespace metergate {

Timestamp open_from(const Store& store, const BillingRules& rules, const Clock& clock) {
  const Timestamp settled_now = clock.settled_now();
  const std::optional<Period> closed_through = store.closed_through();
  Period first = Period::of(clock.now(), rules.zone);
  if (closed_through && first <= *closed_through) {
    first = closed_through->next();
  } else {
    while (!(closed_through && first.previous() <= *closed_through) &&
           !is_closed_by_time(first.previous(), settled_now, rules.zone, rules.grace))
      first = first.previous();
  }
  return first.window(rules.zone).start;
}

}  // namespace metergate
