#include "app/commands/table_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

namespace metergate {
namespace {

constexpr const char* kColumns = "--terminal-columns";
constexpr const char* kColours = "--terminal-colours";

}  // namespace

void TableOptions::declare(CLI::App& options) {
  options.add_flag("--json", wants_json, "one JSON document instead of a table");
  // Options without a group are hidden from help.
  options.add_option(kColumns, terminal.columns)->group("");
  options.add_flag(kColours, terminal.has_colours)->group("");
}

Arguments terminal_words(const Terminal& terminal) {
  Arguments words;
  if (terminal.columns > 0) words.push_back(fmt::format("{}={}", kColumns, terminal.columns));
  if (terminal.has_colours) words.emplace_back(kColours);
  return words;
}

}  // namespace metergate
