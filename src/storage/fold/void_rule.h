// VoidRule: settles what counting an event out again changes: whether it may be, and what is left
// where that cannot be had by subtracting: read from the other raw events of its minute, or, for
// reported storage, of its day. Under the store's lock; changes nothing.
#pragma once

#include "base/crypto.h"
#include "base/result.h"
#include "storage/fold/calendar.h"
#include "storage/history/event_history.h"
#include "storage/shapes/decided.h"
#include "storage/view/view.h"

namespace metergate {

class VoidRule {
 public:
  VoidRule(const View& view, const EventHistory& history, const HashKey& key)
      : view_(view), history_(history), key_(key) {}

  // Errors as Store::apply says.
  Result<DecidedVoid> settle(const KeptEvent& kept, Calendar& calendar) const;

 private:
  Result<bool> is_voided(const ArchivedEvent& archived, Period period) const;
  Result<Gauge> remaining_bytes(const KeptEvent& kept, const Slot& slot,
                                const TimeZone& zone) const;
  Result<MeterCell> remaining_minute(const KeptEvent& kept, const CountedMeter& meter,
                                     Period period) const;
  const View& view_;
  const EventHistory& history_;
  const HashKey& key_;
};

// The group of a meter's cells that an event with this data is counted in: known, or the one of
// what came after kGroupsMax.
Result<std::string> counted_group(const View& view, const std::string& tenant, Period period,
                                  const CountedMeter& meter, const Json& data);

// Whether a meter's cells can be had by subtracting an event.
inline bool is_subtractable(Folding folding) {
  return folding == Folding::count || folding == Folding::sum || folding == Folding::average;
}

}  // namespace metergate
