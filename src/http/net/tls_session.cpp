#include "http/net/tls_session.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

#include "base/check.h"
#include "http/net/tls_client.h"

namespace metergate::http {
namespace {

int socket_of(BIO* bio) { return *static_cast<const int*>(BIO_get_data(bio)); }

bool must_wait(ssize_t count) {
  return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

// OpenSSL's own socket functions raise SIGPIPE if the peer has gone.
int write_bytes(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  constexpr int kFlags = MSG_DONTWAIT | MSG_NOSIGNAL;
  const ssize_t sent = ::send(socket_of(bio), bytes, static_cast<std::size_t>(size), kFlags);
  if (must_wait(sent)) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

int read_bytes(BIO* bio, char* into, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t count = ::recv(socket_of(bio), into, static_cast<std::size_t>(size), MSG_DONTWAIT);
  if (must_wait(count)) BIO_set_retry_read(bio);
  return static_cast<int>(count);
}

long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

int begin(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

// Made once and never freed, since sessions may outlive everything else.
const BIO_METHOD* socket_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "metergate socket");
    CHECK(made != nullptr);
    BIO_meth_set_write(made, write_bytes);
    BIO_meth_set_read(made, read_bytes);
    BIO_meth_set_ctrl(made, control);
    BIO_meth_set_create(made, begin);
    return made;
  }();
  return method;
}

// OpenSSL keeps errors by thread, so those of another session must not be taken for this one's.
void forget_errors() {
  ERR_clear_error();
  errno = 0;
}

}  // namespace

std::unique_ptr<TlsSession> TlsSession::create(TlsContext& context, int socket,
                                               const std::string& host) {
  SSL* const ssl = SSL_new(context.handle());
  BIO* const bio = BIO_new(socket_method());
  if (ssl == nullptr || bio == nullptr) {
    SSL_free(ssl);
    BIO_free(bio);
    return nullptr;
  }
  std::unique_ptr<TlsSession> session{new TlsSession{ssl, socket}};
  BIO_set_data(bio, &session->socket_);
  SSL_set_bio(ssl, bio, bio);
  SSL_set_connect_state(ssl);
  SSL_set_options(ssl, SSL_OP_NO_RENEGOTIATION);
  // As with a plain socket: partial writes are allowed, and a retry may pass another address. Idle
  // connections hold no buffers.
  SSL_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                        SSL_MODE_RELEASE_BUFFERS);
  return TlsContext::name_host(ssl, host) ? std::move(session) : nullptr;
}

TlsSession::~TlsSession() {
  if (is_sound_ && socket_ >= 0) SSL_shutdown(ssl_);
  SSL_free(ssl_);
  ERR_clear_error();
}

TlsSession::Moved TlsSession::shake_hands() {
  forget_errors();
  const int result = SSL_do_handshake(ssl_);
  if (result != 1) return not_moved(result);
  is_sound_ = true;
  return {State::moved};
}

TlsSession::Moved TlsSession::read(std::span<char> room) {
  forget_errors();
  std::size_t count = 0;
  const int result = SSL_read_ex(ssl_, room.data(), room.size(), &count);
  return result == 1 ? Moved{State::moved, count} : not_moved(result);
}

TlsSession::Moved TlsSession::write(std::string_view bytes) {
  forget_errors();
  std::size_t count = 0;
  const int result = SSL_write_ex(ssl_, bytes.data(), bytes.size(), &count);
  return result == 1 ? Moved{State::moved, count} : not_moved(result);
}

std::size_t TlsSession::write_now(std::string_view first, std::string_view second) {
  std::size_t sent = 0;
  for (std::string_view bytes : {first, second}) {
    while (!bytes.empty()) {
      const Moved moved = write(bytes);
      if (moved.state != State::moved) return sent;
      bytes.remove_prefix(moved.bytes);
      sent += moved.bytes;
    }
  }
  return sent;
}

bool TlsSession::is_quiet() {
  forget_errors();
  char first = 0;
  std::size_t count = 0;
  const int result = SSL_peek_ex(ssl_, &first, 1, &count);
  return result != 1 && not_moved(result).state == State::wants_read;
}

TlsSession::Moved TlsSession::not_moved(int result) {
  const int system_error = errno;
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
      return {State::wants_read};
    case SSL_ERROR_WANT_WRITE:
      return {State::wants_write};
    case SSL_ERROR_ZERO_RETURN:
      problem_ = "the connection was ended";
      return {State::ended};
    case SSL_ERROR_SYSCALL:
      problem_ = system_error == 0 ? "the connection was ended without ending TLS"
                                   : std::generic_category().message(system_error);
      break;
    default:
      problem_ = reason();
      break;
  }
  is_sound_ = false;
  return {State::failed};
}

std::string TlsSession::reason() const {
  if (const long verified = SSL_get_verify_result(ssl_); verified != X509_V_OK)
    return std::string{"its certificate is not accepted: "} +
           X509_verify_cert_error_string(verified);
  const unsigned long error = ERR_peek_error();
  if (ERR_GET_REASON(error) == SSL_R_WRONG_VERSION_NUMBER) return "it speaks no TLS there";
  const char* const text = ERR_reason_error_string(error);
  return text == nullptr ? "unknown" : text;
}

}  // namespace metergate::http
