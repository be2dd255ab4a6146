// The front: brings a StoreCommand to its folder. Where nobody holds the folder it is opened here;
// where a server does, the command runs in the server, and its output comes back over the control
// socket. For the main thread.
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
  const StoreCommand& command;  // parsed
  const Arguments& arguments;
};

// With configuration, input and output file; the exit status.
int run_in_folder(const WantedCommand& wanted, const CommonOptions& common, Streams streams);

// The configuration of this process; on an error, one line on `err` and nothing.
std::optional<LoadedConfig> load_process_config(std::string_view command,
                                                const CommonOptions& common, std::ostream& err);

// ErrorCode::invalid, one line with the path: there is none, or it holds nothing of ours.
Result<> check_folder_is_made(const std::filesystem::path& folder);

// A way to the folder that lasts over several commands: the folder stays open here once it was
// opened, or each command is sent to the server that holds it.
class Folder {
 public:
  // What becomes of a folder that is not there: begun, or told of with kExitConfiguration.
  enum class IfMissing : std::uint8_t { refuse, make };
  Folder(const Config& config, IfMissing if_missing);
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  // The exit status; what went wrong stands on streams.err.
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
