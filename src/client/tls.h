// TLS on the client's side: whom it trusts, and one session over a non-blocking socket. TLS 1.2 or
// later; the server's certificate and its host are always verified. Nothing here waits: a step that
// cannot go on says what it wants from the socket. Does not own the socket. No SIGPIPE. One thread
// at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

struct bio_method_st;
struct ssl_ctx_st;
struct ssl_st;

namespace metergate::client {

// What one try to move bytes came to.
struct Moved {
  enum class State {
    done,
    wants_read,   // again once the socket can be read
    wants_write,  // or written
    ended,        // the server has ended the connection, in order
    failed,       // `why` says how
  };
  State state = State::done;
  std::size_t bytes = 0;
  std::string why;
};

class TlsSession;

class TlsContext {
 public:
  // Trusts the certificates of the file, in PEM; of the system, where no file is named. Null where
  // they cannot be read: `why` then says so.
  static std::unique_ptr<TlsContext> create(const std::string& ca_file, std::string& why);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  // With the server that is expected to be this host: a name or an address. Null: no memory. Must
  // end before the context does.
  std::unique_ptr<TlsSession> start(int socket, const std::string& host) const;

 private:
  TlsContext();
  ssl_ctx_st* context_;
  bio_method_st* method_;  // how a session uses its socket
};

class TlsSession {
 public:
  explicit TlsSession(ssl_st* ssl) : ssl_(ssl) {}
  ~TlsSession();  // tells the server that it is over, as far as that goes without waiting
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  Moved shake_hands();
  Moved send(std::string_view bytes);
  Moved receive(char* into, std::size_t size);
  // Bytes that have left the socket already, and so will not wake who waits for it.
  bool has_waiting() const;
  // Whether an answer, or its end, has begun to come. Not all that comes is one: TLS talks, too.
  bool has_answer();

 private:
  Moved not_moved(int result);
  std::string reason_of_failure() const;
  ssl_st* ssl_;
  bool is_sound_ = false;  // it began, and did not fail
};

}  // namespace metergate::client
