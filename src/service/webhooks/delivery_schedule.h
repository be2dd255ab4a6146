// When a delivery that failed is tried again, and when it is given up. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"

namespace metergate {

// How often a delivery is tried before it is given up: at once and after each wait of the schedule.
inline constexpr int kDeliveryTriesMax = 10;

struct FailedTry {
  int tries = 1;  // made so far, this one included
  std::optional<Milliseconds> retry_after;
  std::uint32_t random = 0;  // spreads the waits
};

// 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h: together a little over three days. Each up
// to a tenth longer by `random`; longer too where the receiver asks for it, but never over 24 h for
// its sake. Nothing: it was the last try.
std::optional<Milliseconds> wait_after(const FailedTry& failed);

}  // namespace metergate
