// App: the store and all services, built in order and destroyed in reverse. Owns them; the doors
// (HTTP, workers, commands) borrow them through services().
//
// open() refuses a faulty configuration before anything is written. Any thread may use the
// services.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/config.h"
#include "base/jwt.h"
#include "base/log.h"
#include "base/result.h"
#include "base/secret_keys.h"
#include "base/time.h"
#include "gateway/upstream_spec.h"
#include "service/wiring/services.h"

namespace metergate {

// The contents of the files that the configuration names, read and checked before the folder is
// touched.
struct AppFiles {
  std::string plans_toml;
  std::string jwks_text;                         // empty: none
  std::vector<gateway::UpstreamSpec> upstreams;  // empty: no gateway
};

// Logs one line for each skipped key of the set.
void log_skipped_keys(const Jwks& keys, const Log& log);

// ErrorCode::invalid names the variable, the file and its fault.
Result<AppFiles> read_app_files(const Config& config);

// The upstreams of UPSTREAMS_FILE, whose other files are beside it, and that of UPSTREAM_URL.
// Errors as above.
Result<std::vector<gateway::UpstreamSpec>> read_upstreams(const Config& config);
// UPSTREAMS_FILE and the files that it names.
std::vector<std::filesystem::path> upstream_files(const Config& config);

// The keys of SECRETS_KEY_FILE; none without it.
Result<SecretKeys> read_secret_keys(const Config& config);

class ClusterStore;
class Lease;

class App {
 public:
  struct Environment {
    const Clock& clock;
    const Log& log;
    bool is_clock_made_up = false;  // true: it jumps on purpose and is trusted
    Milliseconds checkpoint_every{5000};
    // False for commands: only a server makes versions of plans that differ from the stored ones.
    bool is_server = true;
  };
  // Fails as open_embedded_store or, with MONGO_URI, open_node. Without a JWT_SECRET a random one
  // is used, so that tokens are valid for this run only.
  static Result<std::unique_ptr<App>> open(const Config& config, const AppFiles& files,
                                           const Environment& environment);
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  Services& services();
  // Set with MONGO_URI; nullptr with the embedded engine.
  Lease* lease();
  const ClusterStore* cluster() const;
  // The settings that may change while it runs (SettingRow::is_live), as they are now.
  void take_changing(const Config& config);

 private:
  struct Parts;
  explicit App(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace metergate
