// The schedule of retries of a delivery, and its end. Pure functions; safe from any thread.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"

namespace metergate {

// The number of tries before a delivery is given up: at once, and after each wait of the schedule.
inline constexpr int kDeliveryTriesMax = 10;

struct FailedTry {
  int tries = 1;  // tries so far, including this one
  std::optional<Milliseconds> retry_after;
  std::uint32_t random = 0;  // spreads the waits
};

// 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h: together a little over three days. Each is
// up to a tenth longer by `random`, and longer if the receiver asks for it, up to 24 h. Nothing
// after the last try.
std::optional<Milliseconds> wait_after(const FailedTry& failed);

}  // namespace metergate
