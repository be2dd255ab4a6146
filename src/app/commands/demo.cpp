#include <fmt/format.h>
#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <ostream>
#include <vector>

#include "app/app.h"
#include "app/command_line.h"
#include "app/commands/command.h"
#include "app/demo_history.h"
#include "app/exit_status.h"
#include "app/front.h"
#include "app/serving.h"
#include "base/crypto.h"
#include "service/access/sessions.h"
#include "service/billing/billing.h"

namespace metergate {
namespace {

constexpr std::size_t kSecretBytes = 48;
constexpr std::chrono::hours kTokenLifetime{24};

// A temporary folder, removed when the demo ends.
class ThrowAwayFolder {
 public:
  static Result<ThrowAwayFolder> make() {
    std::error_code code;
    const auto parent = std::filesystem::temp_directory_path(code);
    if (code) return fail(ErrorCode::storage, "there is no folder for temporary files");
    std::string name = (parent / "metergate-demo-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
      return fail(ErrorCode::storage, fmt::format("no folder can be made in {}", parent.string()));
    }
    return ThrowAwayFolder(name);
  }
  ~ThrowAwayFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  ThrowAwayFolder(ThrowAwayFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  ThrowAwayFolder& operator=(ThrowAwayFolder&&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  explicit ThrowAwayFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

struct Tokens {
  std::string provider;
  std::string tenant;
};

Result<Tokens> issue_tokens(const Sessions& sessions) {
  TokenRequest provider;
  provider.subject = "demo";
  provider.roles = {"Provider-Admin"};
  provider.lifetime = kTokenLifetime;
  TokenRequest tenant;
  tenant.subject = std::string{kDemoTenant};
  tenant.scope = Scope::tenant;
  tenant.tenant = std::string{kDemoTenant};
  tenant.lifetime = kTokenLifetime;
  return Tokens{TRY(sessions.issue(provider)), TRY(sessions.issue(tenant))};
}

struct DemoLine {
  std::string_view what;
  std::string path;
};

// The shell keeps each token under a name, so that the lines stay short enough to read.
void print_lines(std::string_view token_name, const std::string& origin,
                 const std::vector<DemoLine>& lines, std::ostream& out) {
  for (const DemoLine& line : lines) {
    out << fmt::format("# {}\ncurl -s -H \"Authorization: Bearer ${}\" '{}{}'\n\n", line.what,
                       token_name, origin, line.path);
  }
}

void print_try_out(const Tokens& tokens, Period last_closed, std::uint16_t port,
                   std::ostream& out) {
  const std::string origin = fmt::format("http://127.0.0.1:{}", port);
  out << fmt::format(
      "The provider's view. Paste its token once, then any of the lines:\n\nexport T={}\n\n",
      tokens.provider);
  print_lines(
      "T", origin,
      {{"every tenant that owes overage this month", "/provider/billing/tenants?has_overages=true"},
       {"one tenant: usage, limits, cost line by line, forecast",
        fmt::format("/provider/billing/tenants/{}", kDemoTenant)},
       {"usage by day", "/provider/billing/usage?group_by=day"},
       {"the report of the last closed month, as CSV",
        fmt::format("/provider/billing/reports?period={}&format=csv", last_closed.text())},
       {"alerts that are open", "/provider/alerts?status=open"}},
      out);
  out << fmt::format("A tenant's view (each of these requests is metered):\n\nexport TT={}\n\n",
                     tokens.tenant);
  print_lines("TT", origin,
              {{"its own usage and limits", fmt::format("/api/tenants/{}/usage", kDemoTenant)},
               {"its stores", fmt::format("/api/tenants/{}/stores", kDemoTenant)}},
              out);
  out << fmt::format(
             "metergate is ready on {}\nIt listens on this machine only. Ctrl-C stops it and "
             "throws all of it away.\n",
             origin)
      << std::flush;
}

class Demo final : public LocalCommand {
 public:
  void declare(CLI::App& options) override { options.add_option("--port", port_, "the HTTP port"); }

  Result<int> run(LocalContext& context) override {
    const auto folder = TRY(ThrowAwayFolder::make());
    CommonOptions common = context.common;
    if (!port_.empty()) common.flags["API_PORT"] = port_;
    common.flags["DATA_DIR"] = folder.path().string();
    common.flags["LISTEN_ADDRESS"] = "127.0.0.1";
    common.flags["JWT_SECRET"] = base64url(random_bytes(kSecretBytes));
    const auto loaded = load_process_config("demo", common, context.streams.err);
    if (!loaded) return kExitConfiguration;
    const auto files = read_app_files(loaded->config);
    if (!files) {
      print_error("demo", files.error(), context.streams.err);
      return kExitConfiguration;
    }
    return serve_history(loaded->config, *files, context.streams.out);
  }

 private:
  static Result<int> serve_history(const Config& config, const AppFiles& files, std::ostream& out) {
    block_stop_signals();
    const Timestamp now = SystemClock().now();
    DemoClock clock(demo_start(now, config.rules.zone));
    // A person reads the screen, so only warnings and errors are logged.
    const Log log(clock, std::max(config.log_level, LogLevel::warn));
    const auto app =
        TRY(App::open(config, files, {.clock = clock, .log = log, .is_clock_made_up = true}));
    out << fmt::format("Making up 12 tenants and {} months of usage in {} …\n\n", kDemoMonths,
                       config.data_dir.string())
        << std::flush;
    TRY(fill_demo(app->services(), clock, now));
    clock.go_live();
    const Tokens tokens = TRY(issue_tokens(app->services().sessions));
    const Period last_closed = app->services().billing.last_closed_period();
    const ServeOptions options{.has_workers = true, .when_ready = [&](std::uint16_t port) {
                                 print_try_out(tokens, last_closed, port, out);
                               }};
    TRY(metergate::serve(*app, config, options));
    return kExitDone;
  }

  std::string port_;
};

}  // namespace

std::unique_ptr<LocalCommand> make_demo() { return std::make_unique<Demo>(); }

}  // namespace metergate
