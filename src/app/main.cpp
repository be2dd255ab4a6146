#include <unistd.h>

#include <iostream>

#include "app/command_line.h"
#include "app/exit_status.h"
#include "app/own_process.h"
#include "app/standard_output.h"

// Read by jemalloc when the process starts. Two arenas, because each keeps unused memory back; and
// the memory that a sealed segment needed for a moment returns to the system within a second.
// NOLINTNEXTLINE(readability-identifier-naming): the library looks for this name.
extern "C" const char* malloc_conf;
const char* malloc_conf = "narenas:2,background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0";

int main(int count, char** words) {
  metergate::prepare_process();
  std::ios::sync_with_stdio(false);
  metergate::StandardOutput out(STDOUT_FILENO);
  std::cin.tie(&out.stream());
  const metergate::Arguments arguments(words + 1, words + count);
  const int status = metergate::run_command_line(
      arguments, {.in = std::cin, .out = out.stream(), .err = std::cerr});
  const auto arrived = out.finish();
  std::cin.tie(nullptr);
  if (arrived) return status;
  metergate::print_error(arguments.empty() ? "help" : arguments.front(), arrived.error(),
                         std::cerr);
  return status == metergate::kExitDone ? metergate::kExitFailed : status;
}
