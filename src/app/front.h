// The front: brings a StoreCommand to its folder. A free folder is opened here; if a server holds
// it, the command runs in the server, and its output comes back over the control socket. For the
// main thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "app/app.h"
#include "app/commands/command.h"
#include "app/config.h"
#include "app/run_store_command.h"

namespace metergate {

struct WantedCommand {
  const CommandRow& row;
  const StoreCommand& command;  // already parsed
  const Arguments& arguments;
};

// Runs the command with its configuration, input and output file; returns the exit status.
int run_in_folder(const WantedCommand& wanted, const CommonOptions& common, Streams streams);

// The configuration of this process; nothing after an error, with one line on `err`.
std::optional<LoadedConfig> load_process_config(std::string_view command,
                                                const CommonOptions& common, std::ostream& err);

// ErrorCode::invalid, one line with the path, if the folder is missing or is not one of ours.
Result<> check_folder_is_made(const std::filesystem::path& folder);

// Access to the folder for several commands: it stays open here once it was opened, or each command
// is sent to the server that holds it.
class Folder {
 public:
  // The treatment of a missing folder: create it, or report it with kExitConfiguration.
  enum class IfMissing : std::uint8_t { refuse, make };
  Folder(const Config& config, IfMissing if_missing);
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  // Returns the exit status; errors are on streams.err.
  int run(const std::string& name, const Arguments& arguments, Streams streams);

 private:
  Result<std::optional<int>> try_once(const StoreCall& call, const AppFiles& files,
                                      Streams streams);
  const Config& config_;
  const IfMissing if_missing_;
  SystemClock clock_;
  Log log_;
  std::unique_ptr<App> app_;
};

}  // namespace metergate
