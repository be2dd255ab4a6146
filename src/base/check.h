// CHECK: guards what only a bug of our own can break; stays on in release and ends the process.
//
// State is durable and the supervisor restarts, so stopping is safe; going on with a broken
// invariant is not. Input from outside never reaches a CHECK.
#pragma once

namespace metergate {

[[noreturn]] void check_failed(const char* expression, const char* file, int line);

}  // namespace metergate

#define CHECK(expression)                                         \
  do {                                                            \
    if (!(expression)) [[unlikely]]                               \
      ::metergate::check_failed(#expression, __FILE__, __LINE__); \
  } while (false)
