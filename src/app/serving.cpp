#include "app/serving.h"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "api/dispatch.h"
#include "app/control.h"
#include "app/descriptors.h"
#include "app/live_settings.h"
#include "app/reloads.h"
#include "base/check.h"
#include "gateway/gateway.h"
#include "http/outbound/outbound.h"
#include "http/server/server.h"
#include "http/server/upstream_checks.h"
#include "service/access/sessions.h"
#include "service/upkeep/lease.h"
#include "service/upkeep/telemetry.h"
#include "service/webhooks/deliveries.h"
#include "service/webhooks/webhooks.h"
#include "storage/cluster/cluster_store.h"
#include "storage/shapes/store.h"
#include "workers/delivery.h"
#include "workers/scheduler.h"

namespace metergate {
namespace {

constexpr unsigned kThreadsOfNode = 16;

// SIGHUP does not stop the server; it is included so that no other thread receives it.
sigset_t met_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  return signals;
}

// SIGHUP has the files read again and does not end the wait.
int wait_for_stop_signal(Reloads& reloads) {
  const sigset_t signals = met_signals();
  while (true) {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0) continue;
    if (signal != SIGHUP) return signal;
    reloads.reload();
  }
}

// Passes the keys of the identity provider's file to the sessions.
Result<> read_keys(const std::string& text, Services& services) {
  Jwks keys = TRY(Jwks::parse(text));
  log_skipped_keys(keys, services.log);
  services.sessions.replace_keys(std::move(keys));
  return {};
}

void watch_keys(const Config& config, Services& services, Reloads& reloads) {
  if (config.jwks_file.empty()) return;
  reloads.add({.name = "JWKS_FILE",
               .files = [&config] { return std::vector<std::filesystem::path>{config.jwks_file}; },
               .reload = [&config, &services]() -> Result<> {
                 return read_keys(TRY(read_text_file(config.jwks_file)), services);
               }});
}

void watch_secret_keys(const Config& config, Services& services, Reloads& reloads) {
  if (config.secrets_key_file.empty()) return;
  reloads.add(
      {.name = "SECRETS_KEY_FILE",
       .files = [&config] { return std::vector<std::filesystem::path>{config.secrets_key_file}; },
       .reload = [&config, &services] { return use_secret_keys(services, config); }});
}

// The gateway's upstreams and their health checks.
class Upstreams {
 public:
  Upstreams(std::vector<gateway::UpstreamSpec> specs, const Log& log)
      : log_(log), tables_(std::move(specs)) {}

  gateway::CurrentTable& tables() { return tables_; }
  void start_checks() {
    checks_ = std::make_unique<http::UpstreamChecks>(tables_.get()->upstreams(), log_);
    checks_->start();
  }
  void replace(std::vector<gateway::UpstreamSpec> specs) {
    auto table = std::make_shared<gateway::UpstreamTable>(std::move(specs));
    checks_.reset();
    tables_.put(std::move(table));
    start_checks();
  }

 private:
  const Log& log_;
  gateway::CurrentTable tables_;
  std::unique_ptr<http::UpstreamChecks> checks_;
};

void watch_upstreams(const Config& config, Upstreams& upstreams, Reloads& reloads) {
  if (config.upstreams_file.empty()) return;
  reloads.add({.name = "UPSTREAMS_FILE",
               .files = [&config] { return upstream_files(config); },
               .reload = [&config, &upstreams]() -> Result<> {
                 auto specs = TRY(read_upstreams(config));
                 upstreams.replace(std::move(specs));
                 return {};
               }});
}

// The doors that hold settings of their own.
struct LiveDoors {
  App& app;
  api::Dispatcher& dispatcher;
  gateway::Gateway& gateway;
  gateway::NewTenants& new_tenants;
  http::Server& server;
  http::Outbound& outbound;
  Log& log;
};

gateway::Durability durability_of(const Config& config) {
  return config.is_gateway_strict ? gateway::Durability::strict : gateway::Durability::fast;
}

void apply(const Config& config, const LiveDoors& doors) {
  doors.app.take_changing(config);
  doors.dispatcher.set_cors(config.cors);
  doors.gateway.set_cors(config.cors);
  doors.gateway.set_durability(durability_of(config));
  doors.new_tenants.set_plan(config.new_tenants_plan);
  doors.server.set_callers(config.callers);
  doors.outbound.set_rules(config.webhook_rules);
  doors.log.set_least(config.log_level);
}

// Asked on SIGHUP only: a file that is being written is not taken half.
void watch_settings(const ServeOptions& options, const LiveDoors& doors, Reloads& reloads) {
  const auto settings = std::make_shared<LiveSettings>(
      LiveSettings::Parts{.in_force = options.in_force,
                          .read = options.read_settings,
                          .apply = [doors](const Config& config) { apply(config, doors); },
                          .log = doors.log});
  reloads.add({.name = "settings",
               .files = [] { return std::vector<std::filesystem::path>{}; },
               .reload = [settings] { return settings->reload(); }});
}

// At most as many connections as there are descriptors for, so that the store always has its own.
std::size_t connections_max(const gateway::UpstreamTable& table, const Log& log) {
  std::size_t to_upstreams = 0;
  for (const auto& upstream : table.upstreams())
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
  options.callers = config.callers;
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  // With a database, a thread waits for it while it writes; those that wait share an entry.
  const unsigned usual = config.mongo_uri.empty() ? cores : std::max(cores, kThreadsOfNode);
  options.threads = config.threads == 0 ? usual : config.threads;
  return options;
}

// The metrics of the server and its upstreams, until both are destroyed.
class Sources {
 public:
  Sources(App& app, const http::Server& server, gateway::CurrentTable& tables)
      : telemetry_(app.services().telemetry) {
    telemetry_.add_source([&server](MetricsText& text) { put(server.figures(), text); });
    telemetry_.add_source([&tables](MetricsText& text) { put(*tables.get(), text); });
    if (const ClusterStore* cluster = app.cluster())
      telemetry_.add_source(
          [cluster](MetricsText& text) { put(cluster->cluster_figures(), text); });
  }
  ~Sources() { telemetry_.clear_sources(); }
  Sources(const Sources&) = delete;
  Sources& operator=(const Sources&) = delete;

 private:
  static void put(const http::ServerFigures& figures, MetricsText& text) {
    const auto number = [](std::size_t value) { return static_cast<std::int64_t>(value); };
    text.put(Metric::http_connections, number(figures.connections));
    text.put(Metric::http_connections_max, number(figures.connections_max));
    text.put(Metric::http_held_bytes, number(figures.held_bytes));
    text.put(Metric::http_held_bytes_max, number(figures.held_bytes_max));
  }
  static void put(const gateway::UpstreamTable& table, MetricsText& text) {
    for (const auto& upstream : table.upstreams()) {
      const auto& targets = upstream->targets();
      const auto up = std::ranges::count_if(
          targets, [](const http::Upstream::Target& target) { return target.is_healthy.load(); });
      text.put(Metric::gateway_targets, std::int64_t{up}, {upstream->options().name, "up"});
      text.put(Metric::gateway_targets, std::ssize(targets) - up,
               {upstream->options().name, "down"});
    }
  }
  static void put(const ClusterFigures& figures, MetricsText& text) {
    const auto put_entries = [&text](std::uint64_t count, std::string_view outcome) {
      text.put(Metric::cluster_entries, static_cast<std::int64_t>(count), {outcome});
    };
    text.put(Metric::cluster_slot, static_cast<std::int64_t>(figures.slot));
    put_entries(figures.entries_won, "won");
    put_entries(figures.entries_lost, "lost");
    put_entries(figures.outcomes_unknown, "unknown");
    put_entries(figures.entries_void, "void");
    text.put_seconds(Metric::cluster_unread, figures.behind);
  }
  Telemetry& telemetry_;
};

// Renews the lease of a node, on a thread of its own; the deliveries rest while another has it.
class LeaseKeeper {
 public:
  LeaseKeeper(Lease& lease, Services& services) : lease_(lease), services_(services) {
    services_.deliveries.rest(true);
  }
  void start() {
    thread_ = std::jthread([this](const std::stop_token& stopping) { run(stopping); });
  }
  void stop() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
    if (const Result<> released = lease_.release(); !released)
      services_.log.warn("lease.not_released", {{"problem", released.error().message}});
  }
  bool is_held() const { return lease_.is_held(); }

 private:
  void run(const std::stop_token& stopping) {
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    while (!stopping.stop_requested()) {
      if (const Result<> done = lease_.tick(); !done)
        services_.log.warn("lease.not_renewed", {{"problem", done.error().message}});
      tell(lease_.is_held());
      stopped.wait_for(lock, stopping, Lease::kRenewEvery, [] { return false; });
    }
  }
  void tell(bool is_held) {
    if (is_held == was_held_) return;
    was_held_ = is_held;
    services_.log.info(is_held ? "lease.taken" : "lease.lost", {});
    if (is_held) {
      if (const Result<> taken = services_.deliveries.take_over(); !taken)
        services_.log.error("lease.deliveries_not_read", {{"problem", taken.error().message}});
    }
    services_.deliveries.rest(!is_held);
  }

  Lease& lease_;
  Services& services_;
  bool was_held_ = false;
  std::jthread thread_;
};

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
  // A client that disconnects during its answer shows as a write error.
  std::signal(SIGPIPE, SIG_IGN);
}

Result<> check_listen_address(const std::string& address) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int looked = ::getaddrinfo(address.c_str(), "0", &hints, &found);
  if (looked != 0) {
    return fail(ErrorCode::invalid,
                fmt::format("LISTEN_ADDRESS={}: {}; write an IP address of this "
                            "machine, such as 127.0.0.1",
                            address, ::gai_strerror(looked)));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> place{found, ::freeaddrinfo};
  const int socket = ::socket(place->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool can_bind = socket >= 0 && ::bind(socket, place->ai_addr, place->ai_addrlen) == 0;
  const int reason = errno;
  if (socket >= 0) ::close(socket);
  if (can_bind) return {};
  return fail(ErrorCode::invalid,
              fmt::format("LISTEN_ADDRESS={}: {}; write an IP address of this machine, such as "
                          "127.0.0.1",
                          address, std::strerror(reason)));
}

Result<> use_secret_keys(Services& services, const Config& config) {
  SecretKeys keys = TRY(read_secret_keys(config));
  const std::string first = keys.is_empty() ? "" : keys.names().front();
  const auto written = services.webhooks.use_keys(std::move(keys));
  if (!written)
    return fail(written.error().code,
                fmt::format("{}; set SECRETS_KEY_FILE to the file that has the key (now: {})",
                            written.error().message,
                            config.secrets_key_file.empty() ? "none" : config.secrets_key_file));
  if (*written > 0)
    services.log.info("secrets.encrypted",
                      {{"webhooks", static_cast<std::int64_t>(*written)}, {"key", first}});
  return {};
}

Result<> serve(App& app, const Config& config, const ServeOptions& options) {
  Services& services = app.services();
  const auto handler = TRY(api::Dispatcher::create(api::all_routes(), services, config.cors));
  Upstreams upstreams(options.upstreams, services.log);
  gateway::NewTenants new_tenants(config.new_tenants_plan, services);
  gateway::Gateway gateway({.own = *handler,
                            .serves = [&](std::string_view path) { return handler->serves(path); },
                            .tables = upstreams.tables(),
                            .services = services,
                            .durability = durability_of(config),
                            .cors = config.cors,
                            .new_tenants = &new_tenants});
  const auto http_options =
      server_options(config, connections_max(*upstreams.tables().get(), services.log));
  const auto server =
      TRY(http::Server::create(http_options, gateway, services.clock, services.log));
  const Sources sources(app, *server, upstreams.tables());
  Reloads reloads(services.log);
  const auto outbound = TRY(http::Outbound::create(outbound_options(config), services.clock));
  if (options.read_settings) {
    CHECK(options.log != nullptr);
    watch_settings(options, {app, *handler, gateway, new_tenants, *server, *outbound, *options.log},
                   reloads);
  }
  watch_upstreams(config, upstreams, reloads);
  watch_keys(config, services, reloads);
  watch_secret_keys(config, services, reloads);
  auto control = TRY(Control::start(config.data_dir, services));
  Scheduler scheduler(services, all_jobs());
  DeliveryWorker delivery(services, *outbound);
  std::optional<LeaseKeeper> keeper;
  if (options.has_workers && app.lease() != nullptr) {
    keeper.emplace(*app.lease(), services);
    scheduler.do_shared_jobs_if([&keeper] { return keeper->is_held(); });
    keeper->start();
  }
  if (options.has_workers) scheduler.start();
  if (options.has_workers) delivery.start();
  upstreams.start_checks();
  server->start();
  reloads.start();
  services.log.info("server.ready", {{"address", config.address},
                                     {"port", std::int64_t{server->port()}},
                                     {"data_dir", config.data_dir.string()}});
  if (options.when_ready) options.when_ready(server->port());

  const int signal = wait_for_stop_signal(reloads);
  services.log.info("server.stopping", {{"signal", signal}});
  server->stop();
  scheduler.stop();
  delivery.stop();
  if (keeper) keeper->stop();
  control.reset();
  services.store.wait_durable(services.store.head());
  const auto flushed = services.store.checkpoint();
  services.log.info("server.stopped", {});
  return flushed;
}

}  // namespace metergate
