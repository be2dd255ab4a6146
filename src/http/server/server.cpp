#include "http/server/server.h"

#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "http/net/asio.h"
#include "http/net/listener.h"
#include "http/server/connection.h"

namespace metergate::http {
namespace {

constexpr Milliseconds kSweepEvery{100};
constexpr Milliseconds kAcceptPause{100};  // without descriptors for accepting
// Connections beyond the maximum that may be refused at a time; further ones wait until those are
// gone.
constexpr std::size_t kRefusedMax = 256;
constexpr std::size_t kAcceptedAtOnce = 16;

class AsioServer final : public Server {
 public:
  AsioServer(const ServerOptions& options, Handler& handler, const Clock& clock, const Log& log)
      : options_(options),
        slow_(std::max(1U, options.slow_threads), options.slow_waiting_max),
        logins_(1, options.logins_waiting_max),
        shared_{options_, handler, clock, log, slow_, logins_} {}
  ~AsioServer() override { stop(); }

  Result<> listen() {
    const unsigned count = options_.unix_path.empty() ? std::max(1U, options_.threads) : 1;
    const Listeners listeners =
        TRY(options_.unix_path.empty() ? listen_tcp(options_.address, options_.port, count)
                                       : listen_unix(options_.unix_path));
    port_ = listeners.port;
    for (const int descriptor : listeners.descriptors) {
      auto worker = std::make_unique<Worker>(options_.turn_wait_max);
      worker->listener.assign(descriptor);
      workers_.push_back(std::move(worker));
    }
    return {};
  }

  std::uint16_t port() const override { return port_; }
  void set_callers(CallerRules rules) override { options_.callers = std::move(rules); }

  ServerFigures figures() const override {
    return {.connections = shared_.connections,
            .connections_max = options_.connections_max,
            .held_bytes = shared_.shares.held(),
            .held_bytes_max = options_.held_bytes_max};
  }

  void start() override {
    for (const auto& worker : workers_) {
      asio::co_spawn(worker->loop->io.get_executor(), accept_all(*worker), asio::detached);
      asio::co_spawn(worker->loop->io.get_executor(), sweep(*worker), asio::detached);
      worker->thread = std::jthread{[io = &worker->loop->io] { io->run(); }};
    }
  }

  void stop() override {
    if (shared_.stopping.exchange(true)) return;
    for (const auto& worker : workers_) {
      asio::post(worker->loop->io, [&w = *worker] {
        w.listener.close();
        for_each_connection(*w.loop, [](Connection& connection) { connection.end_if_idle(); });
      });
    }
    wait_for_connections();
    for (const auto& worker : workers_) {
      asio::post(worker->loop->io, [&w = *worker] {
        // The timer may have expired already; there is nothing left to cancel then.
        w.is_over = true;
        w.sweep_timer.cancel();
        for_each_connection(*w.loop, [](Connection& connection) { connection.end(); });
      });
    }
    for (const auto& worker : workers_) {
      if (worker->thread.joinable()) worker->thread.join();
    }
    slow_.stop();
    logins_.stop();
    if (!options_.unix_path.empty() && !workers_.empty()) ::unlink(options_.unix_path.c_str());
  }

 private:
  struct Worker {
    explicit Worker(Milliseconds turn_wait_max) : loop(std::make_shared<Loop>(turn_wait_max)) {}
    std::shared_ptr<Loop> loop;
    asio::posix::basic_stream_descriptor<Executor> listener{loop->io.get_executor()};
    WakeTimer sweep_timer{loop->io.get_executor()};
    bool is_over = false;  // used by the worker's own thread only
    std::jthread thread;
  };

  template <class Visit>
  static void for_each_connection(Loop& loop, Visit visit) {
    // Ending a connection never destroys it at once, so the set does not change meanwhile.
    for (Connection* connection : loop.connections) visit(*connection);
  }

  Task<void> accept_all(Worker& worker) {
    WakeTimer pause{worker.loop->io.get_executor()};
    while (!shared_.stopping) {
      const auto [error] =
          co_await worker.listener.async_wait(asio::posix::descriptor_base::wait_read, kAwait);
      if (error) co_return;
      if (accept_waiting(worker)) continue;
      pause.expires_after(kAcceptPause);
      co_await pause.async_wait(kAwait);
    }
  }

  // Pauses for other work after some connections. False if there is no room or no descriptor for
  // another, so that the caller waits before trying again. Connections that come meanwhile wait in
  // the listening socket.
  bool accept_waiting(Worker& worker) {
    for (std::size_t i = 0; i < kAcceptedAtOnce && !shared_.stopping; ++i) {
      if (shared_.connections >= options_.connections_max + kRefusedMax) return false;
      auto accepted = accept_one(worker.listener.native_handle());
      if (!accepted && accepted.error() == AcceptError::none_waiting) return true;
      if (!accepted && accepted.error() == AcceptError::out_of_descriptors) {
        shared_.log.error("http.accept_failed", {{"reason", "no file descriptors are left"}});
        return false;
      }
      if (accepted) take(worker, std::move(*accepted));
    }
    return true;
  }

  void take(Worker& worker, Accepted accepted) {
    const bool is_one_too_many = shared_.connections >= options_.connections_max;
    Socket socket{worker.loop->io.get_executor()};
    boost::system::error_code error;
    socket.assign(asio::generic::stream_protocol{accepted.family, 0}, accepted.descriptor, error);
    if (error) {
      ::close(accepted.descriptor);
      return;
    }
    Connection::start(std::make_shared<Connection>(shared_, worker.loop, std::move(socket),
                                                   std::move(accepted.remote_ip)),
                      is_one_too_many);
  }

  Task<void> sweep(Worker& worker) {
    while (true) {
      worker.sweep_timer.expires_after(kSweepEvery);
      const auto [error] = co_await worker.sweep_timer.async_wait(kAwait);
      if (error || worker.is_over) co_return;
      const Microseconds now = shared_.clock.steady();
      std::size_t next = 0;
      while (worker.loop->sweep_some(now, next)) {
        co_await asio::post(worker.loop->io.get_executor(), asio::use_awaitable_t<Executor>{});
      }
      worker.loop->sweep(now);
      if (shared_.connections == 0) changed_.notify_all();
    }
  }

  void wait_for_connections() {
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, options_.stop_timeout, [this] { return shared_.connections == 0; });
  }

  ServerOptions options_;
  SlowPool slow_;
  SlowPool logins_;
  Shared shared_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;  // checked by each sweep
};

}  // namespace

Result<std::unique_ptr<Server>> Server::create(const ServerOptions& options, Handler& handler,
                                               const Clock& clock, const Log& log) {
  auto server = std::make_unique<AsioServer>(options, handler, clock, log);
  TRY(server->listen());
  return std::unique_ptr<Server>{std::move(server)};
}

}  // namespace metergate::http
