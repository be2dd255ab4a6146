#include "app/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>

#include "app/exit_status.h"
#include "app/front.h"
#include "base/nearest.h"

namespace metergate {
namespace {

std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

// CLI11 adds its help flag at each level; the texts around it come from the table.
std::unique_ptr<CLI::App> make_parser(const CommandRow& row) {
  auto parser =
      std::make_unique<CLI::App>(std::string{row.summary}, fmt::format("metergate {}", row.name));
  parser->footer(fmt::format("\nExample:\n  {}", row.example));
  parser->fallthrough();
  return parser;
}

// All options of the command and of its subcommands.
std::vector<std::string> option_names(const CLI::App& parser) {
  std::vector<std::string> names;
  for (const CLI::Option* option : parser.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  for (const CLI::App* child : parser.get_subcommands([](const CLI::App*) { return true; })) {
    for (std::string& name : option_names(*child)) names.push_back(std::move(name));
  }
  return names;
}

std::vector<std::string> subcommand_names(const CLI::App& parser) {
  std::vector<std::string> names;
  for (const CLI::App* child : parser.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(child->get_name());
  return names;
}

// Suggests a word of the list, from the parser's refusal "--format: jsno not in {csv,json}".
std::string meant_of_list(std::string_view message) {
  constexpr std::string_view kBetween = " not in {";
  const std::size_t between = message.find(kBetween);
  if (between == message.npos || !message.ends_with('}')) return {};
  const std::size_t begin = message.rfind(' ', between - 1) + 1;
  std::string_view list = message.substr(between + kBetween.size());
  list.remove_suffix(1);
  std::vector<std::string_view> known;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    known.push_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return did_you_mean(message.substr(begin, between - begin), known);
}

// A suggestion for the first word that the parser does not know; empty if it knows all, or none is
// near.
std::string meant_words(const CLI::App& parser, const Arguments& arguments) {
  const std::vector<std::string> options = option_names(parser);
  for (const std::string& argument : arguments) {
    if (argument == "--") break;
    if (!argument.starts_with("--")) continue;
    const std::string name = argument.substr(0, argument.find('='));
    if (std::ranges::find(options, name) == options.end()) return did_you_mean(name, options);
  }
  const std::vector<std::string> children = subcommand_names(parser);
  const auto word = std::ranges::find_if(
      arguments, [](const std::string& argument) { return !argument.starts_with('-'); });
  if (word == arguments.end() || std::ranges::find(children, *word) != children.end()) return {};
  return did_you_mean(*word, children);
}

struct CommonText {
  Values flags;
  std::string env_file;
};

void declare_common(CLI::App& parser, CommonText& common) {
  parser.add_option("--data-dir", common.flags["DATA_DIR"],
                    "the folder that everything is kept in");
  parser.add_option("--env-file", common.env_file, "settings to read instead of .env");
}

std::unique_ptr<Command> make_command(const CommandRow& row) {
  if (row.make_store != nullptr) return row.make_store();
  return row.make_local();
}

std::vector<std::string_view> listed_names() {
  std::vector<std::string_view> names;
  for (const CommandRow& row : all_commands()) {
    if (row.is_listed) names.push_back(row.name);
  }
  return names;
}

int run_local(const CommandRow& row, const Arguments& arguments, Streams streams) {
  const auto command = row.make_local();
  CommonOptions common;
  if (const auto done = parse_words(row, *command, arguments, streams, common)) return *done;
  LocalContext context{.common = common, .streams = streams};
  const auto status = command->run(context);
  if (status) return *status;
  print_error(row.name, status.error(), streams.err);
  return kExitFailed;
}

}  // namespace

std::optional<int> parse_words(const CommandRow& row, Command& command, const Arguments& arguments,
                               Streams streams, CommonOptions& common) {
  const std::shared_ptr<CLI::App> parser = make_parser(row);
  CommonText text;
  declare_common(*parser, text);
  command.declare(*parser);
  command.keep(parser);
  // CLI11 takes the words from the back.
  Arguments reversed(arguments.rbegin(), arguments.rend());
  try {
    parser->parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    streams.out << parser->help();
    return kExitDone;
  } catch (const CLI::ParseError& error) {
    const std::string message = one_line(error.what());
    std::string meant = meant_of_list(message);
    if (meant.empty()) meant = meant_words(*parser, arguments);
    streams.err << fmt::format("metergate {}: {}{} (metergate help {} shows what it takes)\n",
                               row.name, message, meant, row.name);
    return kExitUsage;
  }
  for (auto& [name, value] : text.flags) {
    if (!value.empty()) common.flags[name] = value;
  }
  if (!text.env_file.empty()) common.env_file = text.env_file;
  return std::nullopt;
}

void print_command_help(const CommandRow& row, std::ostream& out) {
  const auto parser = make_parser(row);
  CommonText text;
  declare_common(*parser, text);
  const auto command = make_command(row);
  command->declare(*parser);
  out << parser->help();
}

namespace {

// "TEXT:{csv,json}" is how the parser names a value that must be one of a list.
std::vector<std::string> choices_in(std::string_view type) {
  const std::size_t open = type.find('{');
  if (open == type.npos || !type.ends_with('}')) return {};
  type = type.substr(open + 1);
  type.remove_suffix(1);
  std::vector<std::string> choices;
  while (!type.empty()) {
    const std::size_t end = std::min(type.find(','), type.size());
    choices.emplace_back(type.substr(0, end));
    type.remove_prefix(std::min(end + 1, type.size()));
  }
  return choices;
}

DeclaredCommand declared(const CLI::App& parser, std::string name) {
  DeclaredCommand found{std::move(name), parser.get_description(), {}, {}};
  for (const CLI::Option* option : parser.get_options()) {
    if (option->get_group().empty()) continue;
    const std::string type = option->get_type_name();
    DeclaredOption one{.name = option->get_name(false, false),
                       .value = option->get_items_expected_max() == 0 ? "" : "VALUE",
                       .choices = choices_in(type),
                       .description = option->get_description(),
                       .is_positional = option->get_positional()};
    if (!option->get_lnames().empty()) one.name = "--" + option->get_lnames().front();
    found.options.push_back(std::move(one));
  }
  for (const CLI::App* child : parser.get_subcommands([](const CLI::App*) { return true; }))
    found.subcommands.push_back(declared(*child, child->get_name()));
  return found;
}

}  // namespace

std::vector<DeclaredCommand> declared_commands() {
  std::vector<DeclaredCommand> all;
  for (const CommandRow& row : all_commands()) {
    if (!row.is_listed) continue;
    const auto command = make_command(row);
    CommonText text;
    const auto parser = make_parser(row);
    declare_common(*parser, text);
    command->declare(*parser);
    all.push_back(declared(*parser, std::string{row.name}));
  }
  return all;
}

void print_error(std::string_view name, const Error& error, std::ostream& err) {
  const CommandRow* const row = find_command(name);
  if (row != nullptr && !row->asked_by.empty()) name = row->asked_by;
  std::string line = fmt::format("metergate {}: {}", name, error.message);
  for (const Fault& fault : error.faults) {
    // A single fault's text may already be the message, which is printed once.
    if (!fault.index && error.message.find(fault.message) != std::string::npos) continue;
    const std::string place = fault.index ? fmt::format("line {}, ", *fault.index + 1) : "";
    line += fmt::format("; {}{}: {}", place, fault.field, fault.message);
  }
  err << one_line(std::move(line)) << '\n';
}

int run_command_line(const Arguments& words, Streams streams) {
  std::string name = words.empty() ? "help" : words.front();
  if (name == "--help" || name == "-h") name = "help";
  if (name == "--version") name = "version";
  const CommandRow* row = find_command(name);
  if (row == nullptr) {
    const std::string problem =
        name.starts_with('-') ? fmt::format("{} comes before a command: write metergate COMMAND {}",
                                            one_line(name), one_line(name))
                              : fmt::format("there is no command {}{}", one_line(name),
                                            did_you_mean(name, listed_names()));
    streams.err << fmt::format("metergate: {}; metergate help lists them all\n", problem);
    return kExitUsage;
  }
  const Arguments arguments(words.empty() ? words.end() : words.begin() + 1, words.end());
  if (row->make_local != nullptr) return run_local(*row, arguments, streams);

  const auto command = row->make_store();
  CommonOptions common;
  if (const auto done = parse_words(*row, *command, arguments, streams, common)) return *done;
  return run_in_folder({.row = *row, .command = *command, .arguments = arguments}, common, streams);
}

}  // namespace metergate
