// Ends the process where going on would acknowledge more than is kept. Any thread.
#pragma once

#include <string>

namespace metergate {

// "metergate: " and the message go to standard error, the status is 1, and nothing else is done: no
// destructor writes any more. The journal has everything; the next start reads it.
[[noreturn]] void stop_process(const std::string& message);

}  // namespace metergate
