#include "app/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include "app/config.h"

namespace metergate {

Terminal terminal_of(int descriptor) {
  if (::isatty(descriptor) != 1) return {};
  Terminal terminal;
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0) terminal.columns = size.ws_col;
  terminal.has_colours =
      environment_value("NO_COLOR").empty() && environment_value("TERM") != "dumb";
  return terminal;
}

}  // namespace metergate
