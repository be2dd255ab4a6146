// The command line: finds and parses a command from its words. The only place that handles the
// parser's errors. One thread for each call.
#pragma once

#include <optional>
#include <string>
#include <vector>

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

// The options and words of a command as it declares them, for the manual page and completion.
struct DeclaredOption {
  std::string name;                  // "--json"; of a word that stands by its place: "TENANT"
  std::string value;                 // "TEXT"; empty: it takes none
  std::vector<std::string> choices;  // that the value must be one of; empty: any
  std::string description;
  bool is_positional = false;
};
struct DeclaredCommand {
  std::string name;  // of a command: "alerts"; of one of its subcommands: "ack"
  std::string description;
  std::vector<DeclaredOption> options;
  std::vector<DeclaredCommand> subcommands;
};
// Every listed command, in the table's order.
std::vector<DeclaredCommand> declared_commands();

// The whole program: finds, parses and runs the command; returns the exit status.
int run_command_line(const Arguments& words, Streams streams);

}  // namespace metergate
