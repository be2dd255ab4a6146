// TlsSession: our side of TLS over a connected socket, in steps that never wait: a step that cannot
// go on returns the event that it needs from the socket. Reads and writes may alternate freely.
// Does not own the socket; raises no SIGPIPE. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct ssl_st;

namespace metergate::http {

class TlsContext;

class TlsSession {
 public:
  enum class State : std::uint8_t {
    moved,
    wants_read,   // again once the socket is readable
    wants_write,  // again once the socket is writable
    ended,        // the peer has ended TLS in order
    failed        // problem() has the reason; the session cannot be used any more
  };
  struct Moved {
    State state = State::failed;
    std::size_t bytes = 0;
    bool is_waiting() const { return state == State::wants_read || state == State::wants_write; }
  };

  // Starts a session with this host, a name or an address. The context outlives it. Null if memory
  // is short.
  static std::unique_ptr<TlsSession> create(TlsContext& context, int socket,
                                            const std::string& host);
  // Ends TLS as far as possible without waiting.
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  Moved shake_hands();
  Moved read(std::span<char> room);
  Moved write(std::string_view bytes);  // after one that waits: the same bytes, or more
  // Sends as much of both as possible now, like send_now() on a plain socket.
  std::size_t write_now(std::string_view first, std::string_view second);
  // True if there is nothing to read and TLS has not ended. Processes TLS's own messages.
  bool is_quiet();
  // Called when the socket is closed, since its number may soon be another's.
  void forget_socket() { socket_ = -1; }
  const std::string& problem() const { return problem_; }

 private:
  TlsSession(ssl_st* ssl, int socket) : ssl_(ssl), socket_(socket) {}
  Moved not_moved(int result);
  std::string reason() const;
  ssl_st* ssl_;
  int socket_;  // the BIO holds this field's address
  bool is_sound_ = false;
  std::string problem_;
};

}  // namespace metergate::http
