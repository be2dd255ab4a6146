#include "app/serving.h"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>
#include <optional>
#include <thread>

#include "api/dispatch.h"
#include "app/control.h"
#include "app/descriptors.h"
#include "gateway/gateway.h"
#include "http/outbound.h"
#include "http/server.h"
#include "http/upstream_checks.h"
#include "storage/store.h"
#include "workers/delivery.h"
#include "workers/scheduler.h"

namespace metergate {
namespace {

sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

int wait_for_stop_signal() {
  const sigset_t signals = stop_signals();
  int signal = 0;
  while (sigwait(&signals, &signal) != 0) {
  }
  return signal;
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
  const sigset_t signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  // A client that goes away while it is answered is met by an error of the write.
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

  const int signal = wait_for_stop_signal();
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
