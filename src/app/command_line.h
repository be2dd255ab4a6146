// The command line: from words to a command that knows what is wanted. The one place that handles
// the parser's complaints. For one thread a call.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/commands/command.h"

namespace metergate {

// The exit status where nothing is left to do: help was asked for, or the words were wrong (one
// line on streams.err says which).
std::optional<int> parse_words(const CommandRow& row, Command& command, const Arguments& arguments,
                               Streams streams, CommonOptions& common);

// Prints the command's own help.
void print_command_help(const CommandRow& row, std::ostream& out);

// "metergate NAME: message; field: what is allowed", on one line.
void print_error(std::string_view name, const Error& error, std::ostream& err);

// What may stand behind a command, as its options are declared: for the manual page and completion.
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
// Of every command that is listed, in the table's order.
std::vector<DeclaredCommand> declared_commands();

// The whole program: finds the command, parses, runs it; the exit status.
int run_command_line(const Arguments& words, Streams streams);

}  // namespace metergate
