// metergate man and metergate completion: the manual page, and words for the shells, from the one
// table of commands and their options.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>

#include "app/build_facts.h"
#include "app/command_line.h"
#include "app/commands/command.h"
#include "app/exit_status.h"

namespace metergate {
namespace {

// Text for troff: nothing in it is a request, and a hyphen is one.
std::string troff(std::string_view text) {
  std::string safe;
  if (text.starts_with('.') || text.starts_with('\'')) safe = "\\&";
  for (const char c : text) {
    if (c == '\\') {
      safe += "\\e";
    } else if (c == '-') {
      safe += "\\-";
    } else {
      safe.push_back(c == '\n' ? ' ' : c);
    }
  }
  return safe;
}

// In single quotes of a shell.
std::string quoted(std::string_view text, std::string_view quote) {
  std::string safe = "'";
  for (const char c : text) {
    if (c == '\'') {
      safe += quote;
    } else {
      safe.push_back(c == '\n' ? ' ' : c);
    }
  }
  return safe + "'";
}

void print_options(const DeclaredCommand& command, std::ostream& out) {
  for (const DeclaredOption& option : command.options) {
    if (option.name == "--help") continue;
    out << ".TP\n.B " << troff(option.name);
    if (!option.is_positional && !option.value.empty()) out << " \\fI" << option.value << "\\fR";
    out << '\n' << troff(option.description);
    if (!option.choices.empty())
      out << " (" << troff(fmt::format("{}", fmt::join(option.choices, ", "))) << ")";
    out << '\n';
  }
  for (const DeclaredCommand& child : command.subcommands) {
    out << ".TP\n.B " << troff(command.name + " " + child.name) << '\n'
        << troff(child.description) << "\n.RS\n";
    print_options(child, out);
    out << ".RE\n";
  }
}

class Man final : public LocalCommand {
 public:
  void declare(CLI::App&) override {}

  Result<int> run(LocalContext& context) override {
    std::ostream& out = context.streams.out;
    out << ".TH METERGATE 1 \"\" \"Metergate " << kVersion << "\" \"User Commands\"\n"
        << ".SH NAME\nmetergate \\- usage metering and provider billing server\n"
        << ".SH SYNOPSIS\n.B metergate\n.I COMMAND\n[\\fIWORDS\\fR]\n"
        << ".SH COMMANDS\n";
    for (const DeclaredCommand& command : declared_commands()) {
      const CommandRow& row = *find_command(command.name);
      out << ".SS " << troff(fmt::format("{} {}", row.name, row.usage)) << '\n'
          << troff(row.summary) << '\n';
      print_options(command, out);
      out << ".PP\nExample:\n.PP\n.RS\n.nf\n" << troff(row.example) << "\n.fi\n.RE\n";
    }
    print_settings(out);
    out << ".SH EXIT STATUS\n.TP\n.B 0\ndone\n.TP\n.B 1\nit failed\n.TP\n.B 2\n"
           "the words on the command line were wrong\n.TP\n.B 3\nthe configuration was wrong\n";
    return kExitDone;
  }

 private:
  static void print_settings(std::ostream& out) {
    out << ".SH ENVIRONMENT\n"
        << troff(
               "Flags come before the environment, that before the file .env, that before the "
               "default.")
        << '\n';
    for (const SettingRow& row : all_settings()) {
      out << ".TP\n.B " << row.name << '\n' << troff(row.meaning) << "; " << troff(row.allowed);
      if (!row.default_value.empty()) out << "; default " << troff(row.default_value);
      out << '\n';
    }
    out << ".TP\n.B NO_COLOR\nwhere it is not empty, nothing is coloured\n";
  }
};

// The options of a command and of all that may stand behind it, each once.
std::vector<DeclaredOption> all_options(const DeclaredCommand& command) {
  std::vector<DeclaredOption> all;
  const auto add = [&](const DeclaredCommand& of) {
    for (const DeclaredOption& option : of.options) {
      const bool is_known = std::ranges::find(all, option.name, &DeclaredOption::name) != all.end();
      if (!option.is_positional && !is_known) all.push_back(option);
    }
  };
  add(command);
  for (const DeclaredCommand& child : command.subcommands) add(child);
  return all;
}

void print_bash(const std::vector<DeclaredCommand>& commands, std::ostream& out) {
  out << "_metergate() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} found=\n"
         "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n    found='";
  for (const DeclaredCommand& command : commands) out << command.name << ' ';
  out << "'\n  else\n    case \"${COMP_WORDS[1]} $before\" in\n";
  for (const DeclaredCommand& command : commands) {
    for (const DeclaredOption& option : all_options(command)) {
      if (!option.choices.empty())
        out << fmt::format("      '{} {}') found='{}' ;;\n", command.name, option.name,
                           fmt::join(option.choices, " "));
    }
  }
  out << "      *) case \"${COMP_WORDS[1]}\" in\n";
  for (const DeclaredCommand& command : commands) {
    out << "        " << command.name << ") found='";
    for (const DeclaredCommand& child : command.subcommands) out << child.name << ' ';
    for (const DeclaredOption& option : all_options(command)) out << option.name << ' ';
    out << "' ;;\n";
  }
  out << "      esac ;;\n    esac\n  fi\n"
         "  COMPREPLY=($(compgen -W \"$found\" -- \"$current\"))\n}\n"
         "complete -o default -F _metergate metergate\n";
}

void print_zsh(const std::vector<DeclaredCommand>& commands, std::ostream& out) {
  const auto entry = [](std::string_view name, std::string_view description) {
    std::string text{name};
    text += ':';
    for (const char c : description) text += c == ':' ? std::string{"\\:"} : std::string(1, c);
    return quoted(text, "'\\''");
  };
  out << "#compdef metergate\n_metergate() {\n  local -a found\n  if (( CURRENT == 2 )); then\n"
         "    found=(\n";
  for (const DeclaredCommand& command : commands)
    out << "      " << entry(command.name, command.description) << '\n';
  out << "    )\n  else\n    case $words[2] in\n";
  for (const DeclaredCommand& command : commands) {
    out << "      " << command.name << ") found=(\n";
    for (const DeclaredCommand& child : command.subcommands)
      out << "        " << entry(child.name, child.description) << '\n';
    for (const DeclaredOption& option : all_options(command))
      out << "        " << entry(option.name, option.description) << '\n';
    out << "      ) ;;\n";
  }
  out << "    esac\n  fi\n  _describe metergate found || _files\n}\n"
         "compdef _metergate metergate\n";
}

void print_fish(const std::vector<DeclaredCommand>& commands, std::ostream& out) {
  const auto text = [](std::string_view words) { return quoted(words, "\\'"); };
  for (const DeclaredCommand& command : commands) {
    out << "complete -c metergate -n __fish_use_subcommand -f -a " << command.name << " -d "
        << text(command.description) << '\n';
    const std::string within =
        "complete -c metergate -n '__fish_seen_subcommand_from " + command.name + "' ";
    for (const DeclaredCommand& child : command.subcommands)
      out << within << "-f -a " << child.name << " -d " << text(child.description) << '\n';
    for (const DeclaredOption& option : all_options(command)) {
      if (!option.name.starts_with("--")) continue;
      out << within << "-l " << option.name.substr(2) << (option.value.empty() ? "" : " -r");
      if (!option.choices.empty())
        out << " -f -a " << text(fmt::format("{}", fmt::join(option.choices, " ")));
      out << " -d " << text(option.description) << '\n';
    }
  }
}

class Completion final : public LocalCommand {
 public:
  void declare(CLI::App& options) override {
    options.add_option("SHELL", shell_, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  }

  Result<int> run(LocalContext& context) override {
    const std::vector<DeclaredCommand> commands = declared_commands();
    if (shell_ == "bash") print_bash(commands, context.streams.out);
    if (shell_ == "zsh") print_zsh(commands, context.streams.out);
    if (shell_ == "fish") print_fish(commands, context.streams.out);
    return kExitDone;
  }

 private:
  std::string shell_;
};

}  // namespace

std::unique_ptr<LocalCommand> make_man() { return std::make_unique<Man>(); }
std::unique_ptr<LocalCommand> make_completion() { return std::make_unique<Completion>(); }

}  // namespace metergate
