// Runs a StoreCommand over services that are open here: parses its words, runs it, and waits until
// its changes, and those that it read, are durable. Used by this process's own commands and by the
// control socket. Safe from any thread.
#pragma once

#include <string>

#include "app/commands/command.h"

namespace metergate {

struct StoreCall {
  std::string name;
  Arguments arguments;
  std::string actor;  // "cli:ada"
};

// Returns the exit status; errors are on streams.err.
int run_store_command(const StoreCall& call, Services& services, Streams streams);

}  // namespace metergate
