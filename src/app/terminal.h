// Terminal: how wide the screen is that a command prints on, and whether it may be coloured. Read
// by the process that has it; a command that runs in the server is told. A value.
#pragma once

#include <cstddef>

namespace metergate {

struct Terminal {
  std::size_t columns = 0;  // 0: not known, or no terminal: lines are as long as they are
  bool has_colours = false;
};

// The terminal of a descriptor of this process. NO_COLOR (not empty) and TERM=dumb turn colours
// off.
Terminal terminal_of(int descriptor);

}  // namespace metergate
