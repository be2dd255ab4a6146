// Upstream: an API behind the gateway: its targets, its limits, and the health of each target.
//
// Options never change; addresses and health do, and are read without a lock. Names are resolved
// when it is made and by its checks, never while a request waits. Safe from any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "http/words/origin.h"

namespace metergate::http {

class TlsContext;

// The certificates trusted for an https origin: the system's, or only these, in PEM.
Result<std::shared_ptr<TlsContext>> trust_system();
Result<std::shared_ptr<TlsContext>> trust_only(std::string_view certificates);

struct UpstreamOptions {
  std::string name;                        // for messages
  std::vector<Origin> origins;             // at least one; they take turns
  std::shared_ptr<TlsContext> tls;         // required if an origin is https
  bool keeps_host = false;                 // the caller's Host is passed on instead of the origin's
  std::vector<std::string> passed_fields;  // in lower case: passed although kept back otherwise
  std::size_t connections_max = 256;       // open at once
  std::size_t waiting_max = 1024;          // requests waiting for a connection
  Milliseconds connect_timeout{5'000};
  Milliseconds head_timeout{60'000};     // from the request's end to the end of the answer's head
  Milliseconds idle_timeout{60'000};     // between two pieces of a body, in either direction
  Milliseconds tunnel_timeout{600'000};  // for an idle WebSocket
  Milliseconds keep_timeout{60'000};     // for an unused connection
  std::int64_t request_bytes_max = 1LL << 30;    // of a request's body
  std::int64_t response_bytes_max = 16LL << 30;  // of an answer's body
  std::string health_path;                       // empty: checks only that it accepts a connection
  Milliseconds health_every{5'000};
};

struct SocketAddress {
  int family = 0;
  std::string bytes;  // a sockaddr
};
using Addresses = std::vector<SocketAddress>;

class Upstream : public std::enable_shared_from_this<Upstream> {
 public:
  struct Target {
    explicit Target(Origin at) : origin(std::move(at)) {}
    const Origin origin;
    std::atomic<bool> is_healthy = true;
    std::atomic<std::shared_ptr<const Addresses>> addresses;  // null: not resolved yet
  };

  // Resolves the names of its origins.
  explicit Upstream(UpstreamOptions options);
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;

  const UpstreamOptions& options() const { return options_; }
  std::deque<Target>& targets() { return targets_; }
  // The next healthy target, in turns; if none is healthy, the next of all, which may have
  // recovered before a check. Not `failed` if there is another.
  Target& next(const Target* failed = nullptr);
  // Looks the target's name up again; if that fails, a known address stays.
  static void resolve(Target& target);
  // No more requests go there, and kept connections are closed soon.
  void retire() { is_retired_ = true; }
  bool is_retired() const { return is_retired_; }

 private:
  const UpstreamOptions options_;
  std::deque<Target> targets_;
  std::atomic<std::size_t> turn_ = 0;
  std::atomic<bool> is_retired_ = false;
};

}  // namespace metergate::http
