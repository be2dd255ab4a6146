// TableOptions: what every command that prints tables takes: --json, and from the process with the
// terminal how wide that is and whether it has colours. Values; no threads.
#pragma once

#include "app/commands/command.h"
#include "app/terminal.h"

namespace metergate {

struct TableOptions {
  bool wants_json = false;
  Terminal terminal;

  void declare(CLI::App& options);
};

// The words that describe the terminal to a command, put before its own words.
Arguments terminal_words(const Terminal& terminal);

}  // namespace metergate
