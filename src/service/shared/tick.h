// TickReport: what one bounded step of a worker did. A value.
#pragma once

#include <cstdint>

namespace metergate {

struct TickReport {
  std::int64_t done = 0;    // records looked at or changed, whatever the step counts
  std::int64_t faults = 0;  // of those, differences found; each was logged where it was found
  bool more = false;        // the step was bounded and there is more to do now
};

}  // namespace metergate
