// Calendar: the hour, day and period of an instant in the billing time zone. Remembers the last
// hours, since looking up a zone costs more than folding an event. One thread.
#pragma once

#include <array>

#include "base/time.h"
#include "domain/period.h"

namespace metergate {

struct Slot {
  Timestamp hour{};  // a full hour of the zone, or a later start of the day
  Day day{};
  Period period;
  Window valid{};  // the instants with this result
};

class Calendar {
 public:
  explicit Calendar(const TimeZone& zone) : zone_(zone) {}
  const TimeZone& zone() const { return zone_; }
  const Slot& slot_of(Timestamp at);

 private:
  TimeZone zone_;
  std::array<Slot, 64> slots_{};
};

}  // namespace metergate
