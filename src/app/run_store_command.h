// Runs a StoreCommand over services that are open here: parses its words, runs it, and waits until
// what it did and read is durable. Used by this process's own commands and by the control socket.
// Any thread.
#pragma once

#include <string>

#include "app/commands/command.h"

namespace metergate {

struct StoreCall {
  std::string name;
  Arguments arguments;
  std::string actor;  // "cli:ada"
};

// The exit status; what went wrong stands on streams.err.
int run_store_command(const StoreCall& call, Services& services, Streams streams);

}  // namespace metergate
