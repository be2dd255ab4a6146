#include "service/open_periods.h"

#include "domain/period.h"

namespace metergate {

Timestamp open_from(const Store& store, const BillingRules& rules, Timestamp now) {
  const std::optional<Period> closed_through = store.closed_through();
  Period first = Period::of(now, rules.zone);
  if (closed_through && first <= *closed_through) {
    first = closed_through->next();
  } else {
    while (!(closed_through && first.previous() <= *closed_through) &&
           !is_closed_by_time(first.previous(), now, rules.zone, rules.grace))
      first = first.previous();
  }
  return first.window(rules.zone).start;
}

}  // namespace metergate
