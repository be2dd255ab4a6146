// Serving: the doors over an open App (HTTP, the control socket, the workers), from the first
// request to the last, until SIGTERM or SIGINT. Files of keys and upstreams are read again when
// they change, and with the settings on SIGHUP. For the main thread, which must not have started
// another one before block_stop_signals().
#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "app/app.h"
#include "app/config.h"
#include "base/result.h"
#include "gateway/upstream_spec.h"

namespace metergate {

struct ServeOptions {
  bool has_workers = true;
  std::vector<gateway::UpstreamSpec> upstreams;  // empty: no gateway
  // Reads the settings again on SIGHUP; empty: they stay. `in_force` is what it found before.
  std::function<Result<LoadedConfig>()> read_settings{};
  LoadedConfig in_force{};
  Log* log = nullptr;  // whose level may change; needed with read_settings
  // Called once the server accepts requests, with its port.
  std::function<void(std::uint16_t port)> when_ready;
};

// Threads started later inherit the mask, so that only serve() receives these signals.
void block_stop_signals();

// ErrorCode::invalid if no socket of this machine can have the address. Checked before the store is
// opened.
Result<> check_listen_address(const std::string& address);

// Has the services encrypt and read their secrets with the keys of SECRETS_KEY_FILE. Called before
// serve(), which goes on when the file changes. ErrorCode::invalid if one is missing.
Result<> use_secret_keys(Services& services, const Config& config);

// Returns after an orderly stop: requests under way finished, everything flushed.
// ErrorCode::storage, with the reason, if the port or the socket is not available.
Result<> serve(App& app, const Config& config, const ServeOptions& options);

}  // namespace metergate
