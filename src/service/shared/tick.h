// TickReport: the result of one bounded step of a worker. A value.
#pragma once

#include <cstdint>

namespace metergate {

struct TickReport {
  std::int64_t done = 0;    // records examined or changed, as the step counts them
  std::int64_t faults = 0;  // differences found; each was logged when found
  bool more = false;        // the step was bounded and more work is left
};

}  // namespace metergate
