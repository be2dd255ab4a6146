// Upstream: an API behind the gateway. Where it listens, what it may take, and which of its targets
// answer.
//
// Options never change; addresses and health do, and are read without a lock. Names are resolved
// when it is made and by its checks, never while a request waits. Any thread.
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

// By whom an https origin must be vouched for: whom the system trusts, or these alone, in PEM.
Result<std::shared_ptr<TlsContext>> trust_system();
Result<std::shared_ptr<TlsContext>> trust_only(std::string_view certificates);

struct UpstreamOptions {
  std::string name;                        // for people
  std::vector<Origin> origins;             // at least one; they take turns
  std::shared_ptr<TlsContext> tls;         // needed where an origin is https
  bool keeps_host = false;                 // the caller's Host is passed on instead of the origin's
  std::vector<std::string> passed_fields;  // in lower case: pass although kept back elsewhere
  std::size_t connections_max = 256;       // open at once
  std::size_t waiting_max = 1024;          // requests that wait for one of them
  Milliseconds connect_timeout{5'000};
  Milliseconds head_timeout{60'000};     // from the request's end to the end of the answer's head
  Milliseconds idle_timeout{60'000};     // between two pieces of a body, either way
  Milliseconds tunnel_timeout{600'000};  // of a WebSocket on which nothing moves
  Milliseconds keep_timeout{60'000};     // of a connection that nobody uses
  std::int64_t request_bytes_max = 1LL << 30;    // of a request's body
  std::int64_t response_bytes_max = 16LL << 30;  // of an answer's body
  std::string health_path;                       // empty: whether it takes a connection
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
    std::atomic<std::shared_ptr<const Addresses>> addresses;  // null: its name was not found yet
  };

  // Resolves its names.
  explicit Upstream(UpstreamOptions options);
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;

  const UpstreamOptions& options() const { return options_; }
  std::deque<Target>& targets() { return targets_; }
  // The next that is healthy, in turns; where none is, the next of all: what was down may be up
  // again before the checks see it. Not `failed`, where there is another.
  Target& next(const Target* failed = nullptr);
  // Looks the target's name up again; an address that was known stays where that fails.
  static void resolve(Target& target);
  // No more requests go there: connections that are kept are given up soon.
  void retire() { is_retired_ = true; }
  bool is_retired() const { return is_retired_; }

 private:
  const UpstreamOptions options_;
  std::deque<Target> targets_;
  std::atomic<std::size_t> turn_ = 0;
  std::atomic<bool> is_retired_ = false;
};

}  // namespace metergate::http
