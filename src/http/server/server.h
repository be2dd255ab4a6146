// The HTTP/1.1 server: accepts connections, parses strictly, bounds everything, calls one handler,
// writes its answer.
//
// Each limit has a name and an answer: a large head gets 431, a large body 413, a slow head ends
// the connection; a connection beyond the maximum gets 503, and so does a request for which there
// is no memory. Ambiguous framing gets 400, and the connection is closed. The bodies of the
// server's own refusals come from `refusal`, so that one place makes the envelope.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/changing.h"
#include "base/log.h"
#include "base/result.h"
#include "base/time.h"
#include "http/server/passage.h"
#include "http/wire/caller.h"
#include "http/words/message.h"
#include "http/words/shares.h"

namespace metergate::http {

struct ServerOptions {
  std::string address = "0.0.0.0";
  std::uint16_t port = 48080;  // 0: any free one, see Server::port
  std::string unix_path;       // if set, listens there (mode 0600) instead of on a port
  unsigned threads = 2;        // one io_context each
  unsigned slow_threads = 2;   // for handlers that Router rows call slow
  std::size_t slow_waiting_max = 64;
  std::size_t logins_waiting_max = 16;  // they have a thread of their own
  std::size_t connections_max = 16'384;
  std::size_t head_bytes_max = 16 * 1024;
  std::size_t body_bytes_max = 8 * 1024 * 1024;
  // The bound on all bodies and answers held at once; above half of it no further bodies are read.
  std::size_t held_bytes_max = 128 * 1024 * 1024;
  Milliseconds turn_wait_max{500};        // of a heavy request; beyond it no more are accepted
  std::chrono::seconds head_timeout{10};  // for the whole head
  std::chrono::seconds body_timeout{
      30};  // for each read of a body; at least 1 KiB a second after 10 s
  std::chrono::seconds idle_timeout{75};
  std::chrono::seconds write_timeout{30};
  std::chrono::seconds stop_timeout{10};  // for requests under way when stopping
  Changing<CallerRules> callers;
};

// The findings from a request's head before its body is read.
struct Reception {
  Holder holder;
  std::optional<Error> refusal;  // its body is not read, for want of a valid token
  // Comes back as Request::known_caller if handle() follows without a wait; a caller may be locked
  // out while it sends a body.
  std::shared_ptr<const void> known_caller{};
};

// Sends the answer; may be called from any thread, once.
using Reply = std::move_only_function<void(Response)>;

class Handler {
 public:
  virtual ~Handler() = default;
  // True if handle() may take long (a report, a password hash); it is then run on a slow thread.
  virtual bool is_slow(const Request& request) const = 0;
  // True if handle() hashes a password. Such requests have a queue of their own, so that a flood of
  // them does not delay other slow ones.
  virtual bool is_login(const Request& request) const {
    static_cast<void>(request);
    return false;
  }
  // Called on a server thread for each request once its head is read. Returns a Passage for a
  // proxied request, or null for one that handle() answers. `head` has no query and no body yet.
  virtual std::unique_ptr<Passage> pass(const Request& head) {
    static_cast<void>(head);
    return nullptr;
  }
  // Called for each other request once its head is read: a larger body is refused with 413 before
  // it is read. Never more than ServerOptions::body_bytes_max.
  virtual std::size_t body_bytes_max(const Request& head) const {
    static_cast<void>(head);
    return SIZE_MAX;
  }
  // Called once, on a server thread, for a request that has a body, waits for its peer, or may be
  // refused for want of room.
  virtual Reception receive(const Request& head) {
    return {.holder = {head.remote_ip, Standing::stranger}, .refusal = {}};
  }
  // Called on a server thread; answers through `reply`, now or later.
  virtual void handle(Request request, Reply reply) = 0;
  // Called on the same thread soon after, following all requests that were ready together, to do
  // the work that handle() has put off, for all of them at once.
  virtual void settle() {}
  // The answer for a malformed or refused request. `target` is the requested one, as sent; empty if
  // it is unknown.
  virtual Response refusal(const Error& error, std::string_view request_id,
                           std::string_view target) = 0;
  // Adds the fields to such an answer that a page of another origin needs to read it.
  virtual void add_origin_fields(const Request& request, Response& response) {
    static_cast<void>(request);
    static_cast<void>(response);
  }
};

// The server's resources in use at this moment.
struct ServerFigures {
  std::size_t connections = 0;
  std::size_t connections_max = 0;
  std::size_t held_bytes = 0;
  std::size_t held_bytes_max = 0;
};

class Server {
 public:
  // Binds and listens; ErrorCode::storage with the address and reason if that fails ("port 48080 is
  // in use …").
  static Result<std::unique_ptr<Server>> create(const ServerOptions& options, Handler& handler,
                                                const Clock& clock, const Log& log);
  virtual ~Server() = default;
  virtual std::uint16_t port() const = 0;
  virtual ServerFigures figures() const = 0;
  virtual void start() = 0;
  // Accepts no more connections and requests, lets those under way finish (at most stop_timeout),
  // then returns.
  virtual void stop() = 0;
  // For the requests that come from now on.
  virtual void set_callers(CallerRules rules) = 0;
};

}  // namespace metergate::http
