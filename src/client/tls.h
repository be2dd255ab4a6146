// TLS on the client's side: the trusted certificates, and one session over a non-blocking socket.
// TLS 1.2 or later; the server's certificate and its host are always verified. Never waits: a step
// that cannot go on returns the event that it needs from the socket. Does not own the socket.
// Raises no SIGPIPE. One thread at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

struct bio_method_st;
struct ssl_ctx_st;
struct ssl_st;

namespace metergate::client {

// The outcome of one try to move bytes.
struct Moved {
  enum class State {
    done,
    wants_read,   // again once the socket is readable
    wants_write,  // again once the socket is writable
    ended,        // the server ended the connection in order
    failed,       // with the reason in `why`
  };
  State state = State::done;
  std::size_t bytes = 0;
  std::string why;
};

class TlsSession;

class TlsContext {
 public:
  // Trusts the certificates of the PEM file, or the system's if no file is named. Null if they
  // cannot be read, with the reason in `why`.
  static std::unique_ptr<TlsContext> create(const std::string& ca_file, std::string& why);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  // Starts a session with this host: a name or an address. Null if memory is short. Must end before
  // the context does.
  std::unique_ptr<TlsSession> start(int socket, const std::string& host) const;

 private:
  TlsContext();
  ssl_ctx_st* context_;
  bio_method_st* method_;  // connects a session to its socket
};

class TlsSession {
 public:
  explicit TlsSession(ssl_st* ssl) : ssl_(ssl) {}
  ~TlsSession();  // ends TLS as far as possible without waiting
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  Moved shake_hands();
  Moved send(std::string_view bytes);
  Moved receive(char* into, std::size_t size);
  // True if bytes were already taken from the socket, so that it will not become readable for them.
  bool has_waiting() const;
  // True if an answer, or its end, has begun to arrive. Bytes of TLS itself do not count.
  bool has_answer();

 private:
  Moved not_moved(int result);
  std::string reason_of_failure() const;
  ssl_st* ssl_;
  bool is_sound_ = false;  // it began, and has not failed
};

}  // namespace metergate::client
