// TlsSession: our side of TLS over a connected socket, as steps that never wait: one that cannot go
// on says what it wants from the socket. Reading and writing may take turns as they like. Does not
// own the socket; raises no SIGPIPE. One thread at a time.
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
    wants_read,   // again once the socket can be read
    wants_write,  // or written
    ended,        // the peer has ended TLS, in order
    failed        // problem() says why; nothing works any more
  };
  struct Moved {
    State state = State::failed;
    std::size_t bytes = 0;
    bool is_waiting() const { return state == State::wants_read || state == State::wants_write; }
  };

  // With a peer that must be this host, a name or an address. The context outlives it. Null: there
  // is no room.
  static std::unique_ptr<TlsSession> create(TlsContext& context, int socket,
                                            const std::string& host);
  // Tells the peer that it is over, as far as that goes without waiting.
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  Moved shake_hands();
  Moved read(std::span<char> room);
  Moved write(std::string_view bytes);  // after one that waits: the same bytes, or more
  // Of both, as far as it goes now: as send_now() does on a plain socket.
  std::size_t write_now(std::string_view first, std::string_view second);
  // Nothing to read and not ended. What TLS has to say for itself is taken in.
  bool is_quiet();
  // The socket is closed, and its number may be another's soon.
  void forget_socket() { socket_ = -1; }
  const std::string& problem() const { return problem_; }

 private:
  TlsSession(ssl_st* ssl, int socket) : ssl_(ssl), socket_(socket) {}
  Moved not_moved(int result);
  std::string reason() const;
  ssl_st* ssl_;
  int socket_;  // the session's way to it holds this field's address
  bool is_sound_ = false;
  std::string problem_;
};

}  // namespace metergate::http
