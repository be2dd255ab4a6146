#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <ostream>

#include "app/app.h"
#include "app/command_line.h"
#include "app/commands/command.h"
#include "app/exit_status.h"
#include "app/front.h"
#include "app/serving.h"

namespace metergate {
namespace {

class Serve final : public LocalCommand {
 public:
  void declare(CLI::App& options) override {
    for (const SettingRow& row : all_settings()) {
      // --data-dir is an option of every command.
      if (row.flag.empty() || row.flag == "--data-dir") continue;
      options.add_option(std::string{row.flag}, flags_[std::string{row.name}],
                         std::string{row.meaning});
    }
    options.add_option("--workers", workers_, "off: run them by metergate workers run-once")
        ->check(CLI::IsMember({"on", "off"}));
    options.add_flag("--print-config", print_config_, "shows every setting and where it came from");
  }

  Result<int> run(LocalContext& context) override {
    CommonOptions common = context.common;
    for (const auto& [name, value] : flags_) {
      if (!value.empty()) common.flags[name] = value;
    }
    const auto loaded = load_process_config("serve", common, context.streams.err);
    if (!loaded) return kExitConfiguration;
    if (print_config_) {
      print(*loaded, context.streams.out);
      return kExitDone;
    }
    const Config& config = loaded->config;
    if (config.jwt_secret.empty()) {
      context.streams.err << "metergate serve: JWT_SECRET is not set; make one with: openssl rand "
                             "-base64 48 (to look around without one: metergate demo)\n";
      return kExitConfiguration;
    }
    const auto files = read_app_files(config);
    if (!files) {
      print_error("serve", files.error(), context.streams.err);
      return kExitConfiguration;
    }
    if (const auto address = check_listen_address(config.address); !address) {
      print_error("serve", address.error(), context.streams.err);
      return kExitConfiguration;
    }
    return serve_folder(*loaded, common, *files, context);
  }

 private:
  // Shows the address, so that it is clear who can reach the server.
  static std::string ready_line(const std::string& address, std::uint16_t port) {
    const bool is_v6 = address.find(':') != std::string::npos;
    return fmt::format("metergate is ready on http://{}:{}\n",
                       is_v6 ? fmt::format("[{}]", address) : address, port);
  }

  static void print(const LoadedConfig& loaded, std::ostream& out) {
    for (const SettingOrigin& origin : loaded.origins) {
      out << fmt::format("{:<27} {:<24} {}\n", origin.row->name,
                         origin.value.empty() ? "(none)" : origin.value, origin.origin);
    }
  }

  Result<int> serve_folder(const LoadedConfig& loaded, const CommonOptions& common,
                           const AppFiles& files, LocalContext& context) {
    const Config& config = loaded.config;
    block_stop_signals();
    const SystemClock clock;
    Log log(clock, config.log_level);
    const auto opened = App::open(config, files, {.clock = clock, .log = log});
    if (!opened) {
      print_error("serve", opened.error(), context.streams.err);
      return exit_of_opening(opened.error());
    }
    const auto& app = *opened;
    if (const auto used = use_secret_keys(app->services(), config); !used) {
      print_error("serve", used.error(), context.streams.err);
      return exit_of_opening(used.error());
    }
    std::ostream& out = context.streams.out;
    const ServeOptions options{
        .has_workers = workers_ == "on",
        .upstreams = files.upstreams,
        .read_settings = [&common]() -> Result<LoadedConfig> {
          return load_config(TRY(process_sources(common.flags, common.env_file)));
        },
        .in_force = loaded,
        .log = &log,
        .when_ready =
            [&](std::uint16_t port) { out << ready_line(config.address, port) << std::flush; }};
    TRY(metergate::serve(*app, config, options));
    return kExitDone;
  }

  Values flags_;
  std::string workers_ = "on";
  bool print_config_ = false;
};

}  // namespace

std::unique_ptr<LocalCommand> make_serve() { return std::make_unique<Serve>(); }

}  // namespace metergate
