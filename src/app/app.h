// App: the store and all services, built in order and taken down in reverse. Owns them; the doors
// (HTTP, workers, commands) borrow them through services().
//
// open() refuses what cannot be right before anything is written. Any thread may use the services.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/config.h"
#include "base/jwt.h"
#include "base/log.h"
#include "base/result.h"
#include "base/time.h"
#include "gateway/upstream_spec.h"
#include "service/wiring/services.h"

namespace metergate {

// The files that the configuration names, read and found sound before the folder is touched.
struct AppFiles {
  std::string plans_toml;
  std::string jwks_text;                         // empty: none
  std::vector<gateway::UpstreamSpec> upstreams;  // empty: no gateway
};

// One line for each key of the set that is passed over.
void log_skipped_keys(const Jwks& keys, const Log& log);

// ErrorCode::invalid names the variable, the file and what is wrong in it.
Result<AppFiles> read_app_files(const Config& config);

// Those of UPSTREAMS_FILE, whose other files lie beside it, and UPSTREAM_URL's. Errors likewise.
Result<std::vector<gateway::UpstreamSpec>> read_upstreams(const Config& config);
// UPSTREAMS_FILE and what it names.
std::vector<std::filesystem::path> upstream_files(const Config& config);

class App {
 public:
  struct Environment {
    const Clock& clock;
    const Log& log;
    bool is_clock_made_up = false;  // true: it jumps on purpose, and is believed
  };
  // Errors as open_embedded_store; without a JWT_SECRET a random one is used, so that tokens of
  // this run only are good.
  static Result<std::unique_ptr<App>> open(const Config& config, const AppFiles& files,
                                           const Environment& environment);
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  Services& services();
  // The settings that may change while it runs (SettingRow::is_live), as they are now.
  void take_changing(const Config& config);

 private:
  struct Parts;
  explicit App(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace metergate
