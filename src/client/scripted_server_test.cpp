#include "client/scripted_server_test.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace metergate::client {

struct TestCertificate::Parts {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();

  Parts() = default;
  ~Parts() {
    X509_free(certificate);
    EVP_PKEY_free(key);
    SSL_CTX_free(context);
  }
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;

  void extend(int kind, const std::string& value) const {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
    EXPECT_EQ(X509_add_ext(certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
  }
};

TestCertificate::TestCertificate(const std::string& names) : parts_(std::make_unique<Parts>()) {
  X509* const certificate = parts_->certificate;
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, parts_->key);
  X509_NAME* const name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("a test"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  parts_->extend(NID_subject_alt_name, names);
  parts_->extend(NID_basic_constraints, "critical,CA:TRUE");
  EXPECT_GT(X509_sign(certificate, parts_->key, EVP_sha256()), 0);
  SSL_CTX_use_certificate(parts_->context, certificate);
  SSL_CTX_use_PrivateKey(parts_->context, parts_->key);
  static std::atomic<int> made = 0;
  file_ = testing::TempDir() + "metergate_client_" + std::to_string(getpid()) + "_" +
          std::to_string(++made) + ".pem";
  BIO* const out = BIO_new_file(file_.c_str(), "w");
  EXPECT_EQ(PEM_write_bio_X509(out, certificate), 1);
  BIO_free(out);
}

TestCertificate::~TestCertificate() { std::remove(file_.c_str()); }

class ServerSide {
 public:
  ServerSide(int socket, SSL_CTX* context)
      : socket_(socket), ssl_(context == nullptr ? nullptr : SSL_new(context)) {
    if (ssl_ == nullptr) return;
    SSL_set_fd(ssl_, socket_);
    is_open_ = SSL_accept(ssl_) == 1;
  }
  ~ServerSide() { SSL_free(ssl_); }
  ServerSide(const ServerSide&) = delete;
  ServerSide& operator=(const ServerSide&) = delete;

  bool is_open() const { return is_open_; }
  bool is_ended() const {
    return ssl_ != nullptr && (SSL_get_shutdown(ssl_) & SSL_RECEIVED_SHUTDOWN) != 0;
  }
  int socket() const { return socket_; }
  ssize_t receive(char* into, std::size_t size) {
    if (ssl_ != nullptr) return SSL_read(ssl_, into, static_cast<int>(size));
    return recv(socket_, into, size, 0);
  }
  void send(const std::string& bytes) {
    if (ssl_ != nullptr) {
      SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()));
    } else {
      ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }
  }
  void end() {
    if (ssl_ != nullptr && is_open_) SSL_shutdown(ssl_);
  }

 private:
  int socket_;
  SSL* ssl_;
  bool is_open_ = true;
};

ScriptedServer::ScriptedServer(Script script, int port, const TestCertificate* certificate)
    : script_(std::move(script)),
      certificate_(certificate),
      listener_(socket(AF_INET, SOCK_STREAM, 0)) {
  const int on = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(bind(listener_, any, size), 0);
  EXPECT_EQ(listen(listener_, 16), 0);
  EXPECT_EQ(getsockname(listener_, any, &size), 0);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
}

ScriptedServer::~ScriptedServer() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
    if (open_ >= 0) shutdown(open_, SHUT_RDWR);
  }
  shutdown(listener_, SHUT_RDWR);
  thread_.join();
  close(listener_);
}

void ScriptedServer::answer_before_body(const std::string& answer) {
  const std::lock_guard lock(mutex_);
  early_answer_ = answer;
}

void ScriptedServer::after_answer(AfterAnswer what) {
  const std::lock_guard lock(mutex_);
  after_answer_ = what;
}

void ScriptedServer::answer_first_bytes(const std::string& answer) {
  const std::lock_guard lock(mutex_);
  first_answer_ = answer;
}

bool ScriptedServer::answers_first_bytes(ServerSide& side) {
  const std::lock_guard lock(mutex_);
  if (first_answer_) side.send(*first_answer_);
  return first_answer_.has_value();
}

bool ScriptedServer::saw_tls_ended() {
  std::unique_lock lock(mutex_);
  more_.wait(lock, [&] { return ended_tls_.has_value(); });
  return *ended_tls_;
}

std::vector<std::string> ScriptedServer::bodies(std::size_t at_least) {
  std::unique_lock lock(mutex_);
  more_.wait(lock, [&] { return bodies_.size() >= at_least; });
  return bodies_;
}

std::vector<std::string> ScriptedServer::heads() {
  const std::lock_guard lock(mutex_);
  return heads_;
}

std::size_t ScriptedServer::connections() {
  const std::lock_guard lock(mutex_);
  return connections_;
}

void ScriptedServer::run() {
  // OpenSSL's write to a client that has gone must not end the test.
  sigset_t broken_pipe;
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
  while (true) {
    const int socket = accept(listener_, nullptr, nullptr);
    if (socket < 0) return;
    {
      const std::lock_guard lock(mutex_);
      open_ = socket;
      ++connections_;
      if (is_over_) shutdown(socket, SHUT_RDWR);
    }
    serve(socket);
    const std::lock_guard lock(mutex_);
    open_ = -1;
    close(socket);
  }
}

// Then waits for the client to close, without reading.
bool ScriptedServer::answers_early(ServerSide& side) {
  std::string answer;
  {
    const std::lock_guard lock(mutex_);
    answer = early_answer_;
  }
  if (answer.empty()) return false;
  side.send(answer);
  pollfd watched{side.socket(), POLLRDHUP, 0};
  poll(&watched, 1, -1);
  return true;
}

void ScriptedServer::serve(int socket) {
  ServerSide side{socket, certificate_ == nullptr ? nullptr : certificate_->parts_->context};
  if (side.is_open()) serve_side(side);
  const std::lock_guard lock(mutex_);
  ended_tls_ = side.is_ended();
  more_.notify_all();
  if (after_answer_ != AfterAnswer::cuts) side.end();
}

void ScriptedServer::serve_side(ServerSide& side) {
  std::string input;
  std::array<char, 65536> bytes;
  while (true) {
    const std::size_t end = input.find("\r\n\r\n");
    if (end != std::string::npos && answers_early(side)) return;
    const std::size_t field = input.find("Content-Length: ");
    const std::size_t length =
        end == std::string::npos ? 0 : std::strtoul(input.c_str() + field + 16, nullptr, 10);
    if (end == std::string::npos || input.size() < end + 4 + length) {
      const ssize_t count = side.receive(bytes.data(), bytes.size());
      if (count <= 0 || answers_first_bytes(side)) return;
      input.append(bytes.data(), static_cast<std::size_t>(count));
      continue;
    }
    const std::string body = input.substr(end + 4, length);
    std::size_t n = 0;
    {
      const std::lock_guard lock(mutex_);
      heads_.push_back(input.substr(0, end + 4));
      bodies_.push_back(body);
      n = bodies_.size() - 1;
    }
    more_.notify_all();
    input.erase(0, end + 4 + length);
    const std::string answer = script_(n, body);
    if (answer.empty()) return;
    side.send(answer);
    const std::lock_guard lock(mutex_);
    if (after_answer_ != AfterAnswer::keeps) return;
  }
}

std::string answer_text(const std::string& status, const std::string& body,
                        const std::string& fields) {
  return "HTTP/1.1 " + status + "\r\n" + fields +
         "Content-Type: application/problem+json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::vector<std::string> ids_of(const std::string& body) {
  std::vector<std::string> ids;
  constexpr std::string_view kMark = R"("id":")";
  for (std::size_t at = body.find(kMark); at != std::string::npos; at = body.find(kMark, at + 1)) {
    ids.push_back(body.substr(at + kMark.size(), 26));
  }
  return ids;
}

}  // namespace metergate::client
