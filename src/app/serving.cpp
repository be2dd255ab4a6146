#include "app/serving.h"

#include <csignal>
#include <memory>
#include <optional>
#include <thread>

#include "api/dispatch.h"
#include "app/control.h"
#include "app/descriptors.h"
#include "app/watched_files.h"
#include "gateway/gateway.h"
#include "http/outbound.h"
#include "http/server.h"
#include "http/upstream_checks.h"
#include "service/sessions.h"
#include "storage/store.h"
#include "workers/delivery.h"
#include "workers/scheduler.h"

namespace metergate {
namespace {

constexpr timespec kLookEvery{.tv_sec = 1, .tv_nsec = 0};  // at the files that may change

// SIGHUP does not stop anything; it is here so that it is met nowhere else.
sigset_t met_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  return signals;
}

int wait_for_stop_signal(WatchedFiles& files) {
  const sigset_t signals = met_signals();
  while (true) {
    const int signal = sigtimedwait(&signals, nullptr, &kLookEvery);
    if (signal == SIGTERM || signal == SIGINT) return signal;
    if (signal == SIGHUP) {
      files.read_all();
    } else {
      files.look();
    }
  }
}

// From the identity provider's file to the sessions.
Result<> read_keys(const std::string& text, Services& services) {
  Jwks keys = TRY(Jwks::parse(text));
  log_skipped_keys(keys, services.log);
  services.sessions.replace_keys(std::move(keys));
  return {};
}

// No more connections than there are descriptors for, so that the store never goes without.
std::size_t connections_max(gateway::UpstreamTable& table, const Log& log) {
  std::size_t to_upstreams = 0;
  for (const http::Upstream* upstream : table.upstreams())
    to_upstreams += upstream->options().connections_max;
  const std::size_t wanted = http::ServerOptions{}.connections_max;
  const std::size_t descriptors = raise_descriptor_limit();
  const std::size_t most = connections_within(descriptors, to_upstreams, wanted);
  if (most < wanted) {
    log.warn("server.connections_limited",
             {{"connections", static_cast<std::int64_t>(most)},
              {"wanted", static_cast<std::int64_t>(wanted)},
              {"descriptors", static_cast<std::int64_t>(descriptors)}});
  }
  return most;
}

http::ServerOptions server_options(const Config& config, std::size_t connections_max) {
  http::ServerOptions options;
  options.connections_max = connections_max;
  options.address = config.address;
  options.port = config.port;
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  options.threads = config.threads == 0 ? cores : config.threads;
  return options;
}

http::OutboundOptions outbound_options(const Config& config) {
  http::OutboundOptions options;
  options.rules = config.webhook_rules;
  options.ca_file = config.webhook_ca_file;
  options.user_agent = "Metergate-Webhooks";
  return options;
}

}  // namespace

void block_stop_signals() {
  const sigset_t signals = met_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  // A client that goes away while it is answered is met by an error of the write.
  std::signal(SIGPIPE, SIG_IGN);
}

Result<> serve(App& app, const Config& config, const ServeOptions& options) {
  Services& services = app.services();
  const auto handler = TRY(api::Dispatcher::create(api::all_routes(), services));
  gateway::UpstreamTable table(options.upstreams);
  gateway::Gateway gateway({.own = *handler,
                            .serves = [&](std::string_view path) { return handler->serves(path); },
                            .table = table,
                            .services = services,
                            .durability = config.is_gateway_strict ? gateway::Durability::strict
                                                                   : gateway::Durability::fast});
  const auto http_options = server_options(config, connections_max(table, services.log));
  const auto server =
      TRY(http::Server::create(http_options, gateway, services.clock, services.log));
  http::UpstreamChecks checks(table.upstreams(), services.log);
  auto control = TRY(Control::start(config.data_dir, services));
  const auto outbound = TRY(http::Outbound::create(outbound_options(config), services.clock));
  Scheduler scheduler(services, all_jobs());
  DeliveryWorker delivery(services, *outbound);
  if (options.has_workers) scheduler.start();
  if (options.has_workers) delivery.start();
  checks.start();
  server->start();
  services.log.info("server.ready", {{"address", config.address},
                                     {"port", std::int64_t{server->port()}},
                                     {"data_dir", config.data_dir.string()}});
  if (options.when_ready) options.when_ready(server->port());

  WatchedFiles files(services.log);
  if (!config.jwks_file.empty()) {
    files.add("JWKS_FILE", config.jwks_file, options.jwks_text,
              [&services](const std::string& text) { return read_keys(text, services); });
  }
  const int signal = wait_for_stop_signal(files);
  services.log.info("server.stopping", {{"signal", signal}});
  server->stop();
  scheduler.stop();
  delivery.stop();
  control.reset();
  services.store.wait_durable(services.store.head());
  const auto flushed = services.store.checkpoint();
  services.log.info("server.stopped", {});
  return flushed;
}

}  // namespace metergate
