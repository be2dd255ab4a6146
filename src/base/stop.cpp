#include "base/stop.h"

#include <cstdio>
#include <cstdlib>

namespace metergate {

void stop_process(const std::string& message) {
  std::fprintf(stderr, "metergate: %s\n", message.c_str());
  std::_Exit(1);
}

}  // namespace metergate
