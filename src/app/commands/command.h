// Commands: each declares its options, then runs. main, help and the control socket read the table
// (all_commands).
//
// A StoreCommand works over the services alone, so it runs in the same way in this process and
// inside the server that holds the folder. A LocalCommand runs in this process: it needs no folder,
// or finds one itself. A command is created for each run and used by one thread.
#pragma once

#include <iosfwd>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/config.h"
#include "base/result.h"
#include "service/shared/actor.h"
#include "service/wiring/services.h"

namespace CLI {
class App;
}

namespace metergate {

using Arguments = std::vector<std::string>;

struct Streams {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
};

// The options of every command.
struct CommonOptions {
  Values flags;  // settings given as flags, by their variables
  std::optional<std::string> env_file;
};

class Command {
 public:
  virtual ~Command() = default;
  // Adds the command's own options and their checks.
  virtual void declare(CLI::App& options) = 0;
  // After parsing, a command may ask the parser for the given words, so it keeps the parser alive.
  void keep(std::shared_ptr<const CLI::App> parser) { parser_ = std::move(parser); }

 private:
  std::shared_ptr<const CLI::App> parser_;
};

struct StoreContext {
  Services& services;
  Actor actor;
  Streams streams;
};

class StoreCommand : public Command {
 public:
  virtual Result<int> run(StoreContext& context) = 0;
  // Output and input, which the process at the terminal handles.
  virtual std::string output_file() const { return {}; }
  // True if the command creates a missing folder; a command that only reads never does.
  virtual bool makes_folder() const { return false; }
  virtual Result<std::string> input(Streams&) const { return std::string{}; }
  // True for a command with TableOptions: it is told the terminal's width and colours, since the
  // terminal may belong to another process.
  virtual bool prints_tables() const { return false; }
};

struct LocalContext {
  const CommonOptions& common;
  Streams streams;
};

class LocalCommand : public Command {
 public:
  virtual Result<int> run(LocalContext& context) = 0;
};

struct CommandRow {
  std::string_view name;
  std::string_view usage;  // the words after the name
  std::string_view summary;
  std::string_view example;
  std::unique_ptr<StoreCommand> (*make_store)();  // one of the two is set
  std::unique_ptr<LocalCommand> (*make_local)();
  bool is_listed = true;        // false: for the control socket, not for people
  std::string_view asked_by{};  // the command that people gave, where it is not listed
};

std::span<const CommandRow> all_commands();
const CommandRow* find_command(std::string_view name);

std::unique_ptr<LocalCommand> make_serve();
std::unique_ptr<LocalCommand> make_demo();
std::unique_ptr<LocalCommand> make_token();
std::unique_ptr<LocalCommand> make_import();
std::unique_ptr<LocalCommand> make_doctor();
std::unique_ptr<LocalCommand> make_openapi();
std::unique_ptr<LocalCommand> make_version();
std::unique_ptr<LocalCommand> make_help();
std::unique_ptr<StoreCommand> make_indexes();
std::unique_ptr<StoreCommand> make_workers();
std::unique_ptr<StoreCommand> make_tenants();
std::unique_ptr<StoreCommand> make_users();
std::unique_ptr<StoreCommand> make_keys();
std::unique_ptr<StoreCommand> make_find();
std::unique_ptr<StoreCommand> make_report();
std::unique_ptr<StoreCommand> make_export();
std::unique_ptr<StoreCommand> make_verify();
std::unique_ptr<StoreCommand> make_import_lines();
std::unique_ptr<StoreCommand> make_store_figures();
std::unique_ptr<StoreCommand> make_issue_token();
std::unique_ptr<StoreCommand> make_webhooks();
std::unique_ptr<StoreCommand> make_periods();
std::unique_ptr<StoreCommand> make_usage();
std::unique_ptr<StoreCommand> make_statement();
std::unique_ptr<StoreCommand> make_alerts();
std::unique_ptr<StoreCommand> make_plan();
std::unique_ptr<LocalCommand> make_backup();
std::unique_ptr<LocalCommand> make_restore();
std::unique_ptr<StoreCommand> make_take_snapshot();
std::unique_ptr<StoreCommand> make_secret_figures();
std::unique_ptr<LocalCommand> make_man();
std::unique_ptr<LocalCommand> make_completion();

}  // namespace metergate
