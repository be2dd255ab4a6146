// Figures of this process from the kernel. Any thread.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace metergate {

struct ProcessFigures {
  Microseconds cpu{0};
  std::int64_t resident_bytes = 0;
  std::int64_t open_fds = 0;
  std::int64_t fds_max = 0;
};

ProcessFigures process_figures();

}  // namespace metergate
