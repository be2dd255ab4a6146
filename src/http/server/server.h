// The HTTP/1.1 server: accepts, parses strictly, bounds everything, calls one handler, writes its
// answer.
//
// Limits have names and answers: a head too large is 431, a body too large 413, a head that takes
// too long ends the connection, a connection beyond the maximum is answered 503, and so is a
// request for which there is no room in memory. Ambiguous framing is 400 and the connection is
// closed. What the server refuses itself gets its body from `refusal`, so that the envelope has one
// home.
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
  std::string unix_path;       // where set, listens there (mode 0600) instead of on a port
  unsigned threads = 2;        // one io_context each
  unsigned slow_threads = 2;   // for handlers that Router rows call slow
  std::size_t slow_waiting_max = 64;
  std::size_t logins_waiting_max = 16;  // they have one thread of their own
  std::size_t connections_max = 16'384;
  std::size_t head_bytes_max = 16 * 1024;
  std::size_t body_bytes_max = 8 * 1024 * 1024;
  // Of all bodies and answers that are held at once; from half of it on no more bodies are read.
  std::size_t held_bytes_max = 128 * 1024 * 1024;
  Milliseconds turn_wait_max{500};  // of a heavy request: where one waits longer no more are taken
  std::chrono::seconds head_timeout{10};  // for the whole head
  std::chrono::seconds body_timeout{
      30};  // for each read of a body; at least 1 KiB a second after 10 s
  std::chrono::seconds idle_timeout{75};
  std::chrono::seconds write_timeout{30};
  std::chrono::seconds stop_timeout{10};  // for requests under way when stopping
  Changing<CallerRules> callers;
};

// What is found out from a request's head before anything of its body is read.
struct Reception {
  Holder holder;
  std::optional<Error> refusal;  // a body is not read for it: no valid token where one is needed
};

// Sends the answer; may be called from any thread, once.
using Reply = std::move_only_function<void(Response)>;

class Handler {
 public:
  virtual ~Handler() = default;
  // True: handle() may take long (a report, a password hash) and is run on a slow thread.
  virtual bool is_slow(const Request& request) const = 0;
  // True: handle() hashes a password. Such requests stand in a line of their own, so that a flood
  // of them holds up no other that is slow.
  virtual bool is_login(const Request& request) const {
    static_cast<void>(request);
    return false;
  }
  // Asked for each request once its head is read, on a server thread: a request that passes on to
  // an upstream, or null for one that is answered by handle(). `head` has no query and no body yet.
  virtual std::unique_ptr<Passage> pass(const Request& head) {
    static_cast<void>(head);
    return nullptr;
  }
  // Asked for each other request once its head is read: a body that is larger is 413 before it is
  // read. Never more than ServerOptions::body_bytes_max.
  virtual std::size_t body_bytes_max(const Request& head) const {
    static_cast<void>(head);
    return SIZE_MAX;
  }
  // Asked once for a request that has a body, waits for its peer, or is to be refused for want of
  // room; on a server thread.
  virtual Reception receive(const Request& head) {
    return {.holder = {head.remote_ip, Standing::stranger}, .refusal = {}};
  }
  // Called on a server thread; answers through `reply`, now or later.
  virtual void handle(Request request, Reply reply) = 0;
  // Called on the same thread soon after, behind all requests that were ready together with that
  // one: what handle() has put off is due, for all of them at once.
  virtual void settle() {}
  // The answer for what never became a request, or could not be taken. `target` is what it asked
  // for, as sent; empty where that is not known.
  virtual Response refusal(const Error& error, std::string_view request_id,
                           std::string_view target) = 0;
  // Adds to such an answer what a page of another origin needs in order to read it.
  virtual void add_origin_fields(const Request& request, Response& response) {
    static_cast<void>(request);
    static_cast<void>(response);
  }
};

class Server {
 public:
  // Binds and listens; ErrorCode::storage with the address and reason where it cannot ("port 48080
  // is in use …").
  static Result<std::unique_ptr<Server>> create(const ServerOptions& options, Handler& handler,
                                                const Clock& clock, const Log& log);
  virtual ~Server() = default;
  virtual std::uint16_t port() const = 0;
  virtual void start() = 0;
  // Takes no more connections and requests, lets those under way finish (at most stop_timeout),
  // then returns.
  virtual void stop() = 0;
  // For the requests that come from now on.
  virtual void set_callers(CallerRules rules) = 0;
};

}  // namespace metergate::http
