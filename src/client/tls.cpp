#include "client/tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <system_error>

namespace metergate::client {
namespace {

constexpr std::string_view kCut = "the server closed the connection in the middle";

int socket_of(BIO* bio) {
  return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

// OpenSSL's own socket functions raise SIGPIPE if the other side has gone.
int write_bytes(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t sent = ::send(socket_of(bio), bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

int read_bytes(BIO* bio, char* into, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t count = ::recv(socket_of(bio), into, static_cast<std::size_t>(size), 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
  return static_cast<int>(count);
}

long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

int begin(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

std::string reason_of(unsigned long error) {
  if (ERR_GET_LIB(error) == ERR_LIB_SYS) {
    return std::generic_category().message(ERR_GET_REASON(error));
  }
  const char* const text = ERR_reason_error_string(error);
  return text == nullptr ? "unknown" : text;
}

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> bytes;
  return inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

// Sets the host that the server's certificate must be valid for.
bool expect_host(SSL* ssl, const std::string& host) {
  if (is_address(host)) {
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1;
  }
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  // The same as the macro SSL_set_tlsext_host_name, without its cast.
  const long named = SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                              const_cast<char*>(host.c_str()));
  return named == 1 && SSL_set1_host(ssl, host.c_str()) == 1;
}

int bounded(std::size_t size) {
  return static_cast<int>(std::min<std::size_t>(size, std::numeric_limits<int>::max()));
}

}  // namespace

TlsContext::TlsContext()
    : context_(SSL_CTX_new(TLS_client_method())),
      method_(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "metergate client")) {}

TlsContext::~TlsContext() {
  SSL_CTX_free(context_);
  BIO_meth_free(method_);
}

std::unique_ptr<TlsContext> TlsContext::create(const std::string& ca_file, std::string& why) {
  std::unique_ptr<TlsContext> made(new TlsContext);
  if (made->context_ == nullptr || made->method_ == nullptr) {
    why = "TLS cannot be used: no memory";
    return nullptr;
  }
  BIO_meth_set_write(made->method_, write_bytes);
  BIO_meth_set_read(made->method_, read_bytes);
  BIO_meth_set_ctrl(made->method_, control);
  BIO_meth_set_create(made->method_, begin);
  SSL_CTX_set_min_proto_version(made->context_, TLS1_2_VERSION);
  SSL_CTX_set_verify(made->context_, SSL_VERIFY_PEER, nullptr);
  // As with a plain socket: partial writes are allowed, and a retry may pass another address.
  SSL_CTX_set_mode(made->context_,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_options(made->context_, SSL_OP_NO_RENEGOTIATION);
  ERR_clear_error();
  const int is_read = ca_file.empty()
                          ? SSL_CTX_set_default_verify_paths(made->context_)
                          : SSL_CTX_load_verify_locations(made->context_, ca_file.c_str(), nullptr);
  if (is_read == 1) return made;
  why = (ca_file.empty() ? "the system's certificates cannot be read: "
                         : "no certificates can be read from ca_file '" + ca_file + "': ") +
        reason_of(ERR_peek_error());
  return nullptr;
}

std::unique_ptr<TlsSession> TlsContext::start(int socket, const std::string& host) const {
  SSL* const ssl = SSL_new(context_);
  BIO* const bio = BIO_new(method_);
  if (ssl == nullptr || bio == nullptr) {
    SSL_free(ssl);
    BIO_free(bio);
    return nullptr;
  }
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(socket)));
  SSL_set_bio(ssl, bio, bio);
  SSL_set_connect_state(ssl);
  auto session = std::make_unique<TlsSession>(ssl);
  return expect_host(ssl, host) ? std::move(session) : nullptr;
}

TlsSession::~TlsSession() {
  if (is_sound_) SSL_shutdown(ssl_);
  SSL_free(ssl_);
  ERR_clear_error();
}

Moved TlsSession::shake_hands() {
  ERR_clear_error();
  errno = 0;
  const int result = SSL_do_handshake(ssl_);
  if (result != 1) return not_moved(result);
  is_sound_ = true;
  return {};
}

Moved TlsSession::send(std::string_view bytes) {
  ERR_clear_error();
  errno = 0;
  const int count = SSL_write(ssl_, bytes.data(), bounded(bytes.size()));
  if (count <= 0) return not_moved(count);
  return {Moved::State::done, static_cast<std::size_t>(count), {}};
}

Moved TlsSession::receive(char* into, std::size_t size) {
  ERR_clear_error();
  errno = 0;
  const int count = SSL_read(ssl_, into, bounded(size));
  if (count <= 0) return not_moved(count);
  return {Moved::State::done, static_cast<std::size_t>(count), {}};
}

bool TlsSession::has_waiting() const { return SSL_pending(ssl_) > 0; }

bool TlsSession::has_answer() {
  ERR_clear_error();
  errno = 0;
  char first = 0;
  const int count = SSL_peek(ssl_, &first, 1);
  if (count > 0) return true;
  const Moved::State state = not_moved(count).state;
  return state == Moved::State::ended || state == Moved::State::failed;
}

Moved TlsSession::not_moved(int result) {
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
      return {Moved::State::wants_read, 0, {}};
    case SSL_ERROR_WANT_WRITE:
      return {Moved::State::wants_write, 0, {}};
    case SSL_ERROR_ZERO_RETURN:
      return {Moved::State::ended, 0, "the server closed the connection"};
    case SSL_ERROR_SYSCALL:
      is_sound_ = false;
      return {Moved::State::failed, 0,
              errno == 0 ? std::string(kCut) : std::generic_category().message(errno)};
    default:
      is_sound_ = false;
      return {Moved::State::failed, 0, reason_of_failure()};
  }
}

std::string TlsSession::reason_of_failure() const {
  if (const long verified = SSL_get_verify_result(ssl_); verified != X509_V_OK) {
    return std::string("the server's certificate is not accepted: ") +
           X509_verify_cert_error_string(verified);
  }
  const unsigned long error = ERR_peek_error();
  if (ERR_GET_REASON(error) == SSL_R_WRONG_VERSION_NUMBER) return "the server speaks no TLS there";
  return reason_of(error);
}

}  // namespace metergate::client
