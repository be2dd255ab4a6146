#include "app/front.h"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ostream>
#include <sstream>
#include <thread>

#include "app/app.h"
#include "app/command_line.h"
#include "app/commands/table_options.h"
#include "app/control_client.h"
#include "app/exit_status.h"
#include "app/output_file.h"
#include "app/own_process.h"
#include "app/run_store_command.h"
#include "storage/engine/open_store.h"

namespace metergate {
namespace {

// A starting or stopping server, or another command, may hold the folder for a moment without
// answering.
constexpr std::chrono::milliseconds kPause{50};
constexpr int kTriesMax = 100;

std::string name_of_user(uid_t id) {
  const passwd* entry = ::getpwuid(id);
  return entry != nullptr ? entry->pw_name : fmt::format("uid-{}", id);
}

std::string user_name() { return name_of_user(::geteuid()); }

std::string owner_of(const std::filesystem::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? name_of_user(status.st_uid) : "somebody else";
}

int fail_with(std::string_view name, const Error& error, Streams streams, int status) {
  print_error(name, error, streams.err);
  return status;
}

int run_with_output(const WantedCommand& wanted, Folder& folder, Streams streams) {
  const std::string name{wanted.row.name};
  const std::string path = wanted.command.output_file();
  if (path.empty()) return folder.run(name, wanted.arguments, streams);
  const auto file = OutputFile::open(path);
  if (!file) return fail_with(name, file.error(), streams, kExitFailed);
  const int status =
      folder.run(name, wanted.arguments, {streams.in, (*file)->stream(), streams.err});
  if (status != kExitDone && (*file)->stream().good()) return status;
  const auto finished = (*file)->finish();
  if (!finished) return fail_with(name, finished.error(), streams, kExitFailed);
  return kExitDone;
}

}  // namespace

std::optional<LoadedConfig> load_process_config(std::string_view command,
                                                const CommonOptions& common, std::ostream& err) {
  const auto sources = process_sources(common.flags, common.env_file);
  if (!sources) {
    print_error(command, sources.error(), err);
    return std::nullopt;
  }
  for (const std::string& warning : sources->warnings)
    err << fmt::format("metergate {}: {}\n", command, warning);
  auto loaded = load_config(*sources);
  if (!loaded) {
    print_error(command, loaded.error(), err);
    return std::nullopt;
  }
  if (loaded->config.has_core_dumps) allow_core_dumps();
  return *std::move(loaded);
}

Result<> check_folder_is_made(const std::filesystem::path& folder) {
  std::error_code error;
  const std::string name = std::filesystem::absolute(folder, error).string();
  const auto refuse = [&name](std::string_view what) {
    return fail(ErrorCode::invalid,
                fmt::format("{} {}; name the server's data folder with --data-dir or DATA_DIR",
                            name, what));
  };
  const bool is_there = std::filesystem::exists(folder, error);
  if (error) return refuse("cannot be looked at: " + error.message());
  if (!is_there) return refuse("does not exist, and a command that only reads makes no folder");
  if (!std::filesystem::is_directory(folder, error)) return refuse("is no folder");
  if (::access(folder.c_str(), R_OK | W_OK | X_OK) != 0) {
    return refuse(fmt::format("belongs to {} and cannot be used by {} (run this as that user)",
                              owner_of(folder), user_name()));
  }
  // A folder with a journal but without FORMAT is a damaged one of ours: opening it reports that.
  for (const char* part : {"FORMAT", "journal"}) {
    if (std::filesystem::exists(folder / part, error)) return {};
  }
  return refuse("holds no data of Metergate (it has no file FORMAT)");
}

Folder::Folder(const Config& config, IfMissing if_missing)
    : config_(config),
      if_missing_(if_missing),
      log_(clock_, std::max(config.log_level, LogLevel::warn)) {}
Folder::~Folder() = default;

int Folder::run(const std::string& name, const Arguments& arguments, Streams streams) {
  const StoreCall call{.name = name, .arguments = arguments, .actor = "cli:" + user_name()};
  if (app_) return run_store_command(call, app_->services(), streams);
  const auto files = read_app_files(config_);
  if (!files) return fail_with(name, files.error(), streams, kExitConfiguration);
  if (if_missing_ == IfMissing::refuse) {
    const auto made = check_folder_is_made(config_.data_dir);
    if (!made) return fail_with(name, made.error(), streams, kExitConfiguration);
  }
  for (int tries = 0; tries < kTriesMax; ++tries) {
    if (tries > 0) std::this_thread::sleep_for(kPause);
    const auto status = try_once(call, *files, streams);
    if (!status) return fail_with(name, status.error(), streams, exit_of_opening(status.error()));
    if (*status) return **status;
  }
  const std::string message = fmt::format(
      "{} is held by another process that does not answer; wait until it is done, or stop it",
      config_.data_dir.string());
  return fail_with(name, {ErrorCode::conflict, message, {}}, streams, kExitFailed);
}

// Nothing if the folder is held and its holder does not answer yet.
Result<std::optional<int>> Folder::try_once(const StoreCall& call, const AppFiles& files,
                                            Streams streams) {
  if (is_folder_in_use(config_.data_dir)) return ask_server(call, config_.data_dir, streams);
  auto app = App::open(config_, files, {.clock = clock_, .log = log_, .is_server = false});
  if (!app && app.error().code == ErrorCode::conflict) return std::optional<int>{};
  app_ = TRY(std::move(app));
  return std::optional{run_store_command(call, app_->services(), streams)};
}

int run_in_folder(const WantedCommand& wanted, const CommonOptions& common, Streams streams) {
  const auto loaded = load_process_config(wanted.row.name, common, streams.err);
  if (!loaded) return kExitConfiguration;
  if (!wanted.command.makes_folder()) {
    // Checked before a password is asked for.
    const auto made = check_folder_is_made(loaded->config.data_dir);
    if (!made) return fail_with(wanted.row.name, made.error(), streams, kExitConfiguration);
  }
  auto input = wanted.command.input(streams);
  if (!input) return fail_with(wanted.row.name, input.error(), streams, kExitUsage);
  std::istringstream in(*std::move(input));
  Folder folder(loaded->config, wanted.command.makes_folder() ? Folder::IfMissing::make
                                                              : Folder::IfMissing::refuse);
  if (!wanted.command.prints_tables())
    return run_with_output(wanted, folder, {in, streams.out, streams.err});
  Arguments arguments = terminal_words(terminal_of(STDOUT_FILENO));
  arguments.insert(arguments.end(), wanted.arguments.begin(), wanted.arguments.end());
  const WantedCommand with_terminal{wanted.row, wanted.command, arguments};
  return run_with_output(with_terminal, folder, {in, streams.out, streams.err});
}

}  // namespace metergate
