// VoidRule: decides whether an event may be voided, and what remains where subtraction is not
// possible: it reads the other raw events of the event's minute or, for reported storage, of its
// day. The store's lock must be held; changes nothing.
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

  // Errors as for Store::apply.
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

// The group of cells that an event with this data is counted in: a known one, or the one for events
// beyond kGroupsMax.
Result<std::string> counted_group(const View& view, const std::string& tenant, Period period,
                                  const CountedMeter& meter, const Json& data);

// True if an event can be subtracted from a meter's cells.
inline bool is_subtractable(Folding folding) {
  return folding == Folding::count || folding == Folding::sum || folding == Folding::average;
}

}  // namespace metergate
