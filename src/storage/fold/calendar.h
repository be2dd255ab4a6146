// Calendar: which hour, day and period an instant is in, in the billing time zone, remembering the
// hours that it met last: looking up a zone costs more than folding an event. One thread.
#pragma once

#include <array>

#include "base/time.h"
#include "domain/period.h"

namespace metergate {

struct Slot {
  Timestamp hour{};  // a full hour of the zone's clock, or where the day began after that
  Day day{};
  Period period;
  Window valid{};  // for which instants this is so
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
