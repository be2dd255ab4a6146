// Commands: each is declared to the command line, then run. The table (all_commands) is what main,
// help and the control socket read.
//
// A StoreCommand works over the services alone, so it runs the same in this process and inside the
// server that has the folder open. A LocalCommand runs in this process: it needs no folder, or
// decides itself how to come by one. A command is made anew for each run and used by one thread.
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
#include "service/actor.h"
#include "service/services.h"

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

// Options that every command has.
struct CommonOptions {
  Values flags;  // settings given as flags, by the name of their variable
  std::optional<std::string> env_file;
};

class Command {
 public:
  virtual ~Command() = default;
  // Adds the command's own options and their checks.
  virtual void declare(CLI::App& options) = 0;
  // A command asks the parser, after parsing, which of its words were said: it must live as long.
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
  // What the process with the terminal does around it: where the output goes, and the input.
  virtual std::string output_file() const { return {}; }
  // Whether it begins the folder where there is none; a command that only reads never does.
  virtual bool makes_folder() const { return false; }
  virtual Result<std::string> input(Streams&) const { return std::string{}; }
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
  std::string_view usage;  // what may follow the name
  std::string_view summary;
  std::string_view example;
  std::unique_ptr<StoreCommand> (*make_store)();  // one of the two is set
  std::unique_ptr<LocalCommand> (*make_local)();
  bool is_listed = true;  // false: made for the control socket, not for people
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

}  // namespace metergate
