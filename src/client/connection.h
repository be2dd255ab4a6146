// One kept-alive HTTP/1.1 connection to the server, on a non-blocking socket, plain or with TLS.
// Every wait ends at the request's deadline, or when interrupt() was called. Owns the socket. One
// thread posts; interrupt() may come from any.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "client/answer.h"
#include "client/endpoint.h"
#include "client/time.h"
#include "client/tls.h"

struct addrinfo;

namespace metergate::client {

struct Exchange {
  std::optional<Answer> answer;
  std::string why;  // the reason if there is no answer
};

class Connection {
 public:
  // Uses TLS if there is a context.
  Connection(Endpoint endpoint, std::string token, std::unique_ptr<TlsContext> tls = nullptr);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Posts a batch of events. If a kept connection proves to be closed, it tries once more on a new
  // one, since an event that is sent twice counts once.
  Exchange post(std::string_view body, std::chrono::milliseconds timeout);
  // Ends the present post, and every later one, at once. Only the look-up of a host's name cannot
  // be interrupted.
  void interrupt();

 private:
  enum class Ready { yes, late, interrupted };
  Exchange post_once(std::string_view body);
  std::string connect();  // empty: connected; otherwise the reason
  std::string connect_to(const addrinfo& address);
  std::string start_tls();
  std::string send(std::string_view bytes);
  Moved send_some(std::string_view bytes);
  bool has_answer() { return session_ == nullptr || session_->has_answer(); }
  Exchange receive();
  Moved receive_some(char* into, std::size_t size);
  Ready wait_for(short events, short* happened = nullptr);
  std::string lateness(Ready ready) const;
  void close();
  Endpoint endpoint_;
  std::string head_;  // up to the value of Content-Length
  Steady::time_point deadline_{};
  std::unique_ptr<TlsContext> tls_;
  int socket_ = -1;
  std::unique_ptr<TlsSession> session_;  // null: plain, or not connected
  bool is_used_ = false;                 // it has carried a request before
  bool is_stale_ = false;                // closed before the first byte of the answer
  std::array<int, 2> interruption_;      // a pipe: a byte in it, or its end, interrupts
};

}  // namespace metergate::client
