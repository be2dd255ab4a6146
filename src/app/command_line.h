// The command line: finds and parses a command from its words. The only place that handles the
// parser's errors. One thread for each call.
#pragma once

#include <optional>

#include "app/commands/command.h"

namespace metergate {

// The exit status if the command need not run: help was asked for, or the words were wrong (with
// one line on streams.err).
std::optional<int> parse_words(const CommandRow& row, Command& command, const Arguments& arguments,
                               Streams streams, CommonOptions& common);

// Prints the command's own help.
void print_command_help(const CommandRow& row, std::ostream& out);

// Prints "metergate NAME: message; field: what is allowed" on one line.
void print_error(std::string_view name, const Error& error, std::ostream& err);

// The whole program: finds, parses and runs the command; returns the exit status.
int run_command_line(const Arguments& words, Streams streams);

}  // namespace metergate
