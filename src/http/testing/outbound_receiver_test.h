// A receiver for tests of outbound requests: accepts connections on 127.0.0.1 and handles each by a
// script, with plain sockets, or TLS with a self-made certificate.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace metergate::http {

// One accepted connection, for a script.
class ReceiverPeer {
 public:
  virtual ~ReceiverPeer() = default;
  virtual std::string read_request() = 0;  // head and body; empty if there is none
  virtual void send(std::string_view bytes) = 0;
  virtual void wait_for_end() = 0;  // until the other side ends the connection
  virtual void reset() = 0;         // with a RST
};

class Receiver {
 public:
  using Script = std::function<void(ReceiverPeer& peer, int connection)>;

  explicit Receiver(Script script);                      // plain
  Receiver(Script script, const std::string& tls_host);  // with a certificate for that host
  ~Receiver();
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  std::uint16_t port() const { return port_; }
  int connections();
  // The requests from read_request(), once there are that many; gives up after 20 seconds.
  std::vector<std::string> requests(std::size_t count);
  const std::string& certificate_pem() const { return certificate_pem_; }

  struct Tls;

 private:
  void listen();
  void accept_all();
  void serve(int descriptor, int connection);
  void keep(std::string request);

  Script script_;
  std::unique_ptr<Tls> tls_;
  std::string certificate_pem_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_over_ = false;
  int connections_ = 0;
  std::vector<int> open_;
  std::vector<std::string> requests_;
  std::vector<std::jthread> threads_;
  std::jthread acceptor_;
};

struct Receiver::Tls {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();

  explicit Tls(const std::string& host) {
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME* name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("a test"), -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    add(NID_subject_alt_name, "DNS:" + host);
    add(NID_basic_constraints, "critical,CA:TRUE");
    X509_sign(certificate, key, EVP_sha256());
    SSL_CTX_use_certificate(context, certificate);
    SSL_CTX_use_PrivateKey(context, key);
  }
  ~Tls() {
    X509_free(certificate);
    EVP_PKEY_free(key);
    SSL_CTX_free(context);
  }
  Tls(const Tls&) = delete;
  Tls& operator=(const Tls&) = delete;

  void add(int nid, const std::string& value) const {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }
  std::string pem() const {
    BIO* memory = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(memory, certificate);
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(memory, &bytes);
    std::string text(bytes, static_cast<std::size_t>(size));
    BIO_free(memory);
    return text;
  }
};

class SocketPeer : public ReceiverPeer {
 public:
  SocketPeer(int descriptor, std::function<void(std::string)> keep)
      : descriptor_(descriptor), keep_(std::move(keep)) {}

  std::string read_request() override {
    std::string text;
    while (!is_whole(text)) {
      char chunk[4096];
      const long count = receive(chunk, sizeof chunk);
      if (count <= 0) return {};
      text.append(chunk, static_cast<std::size_t>(count));
    }
    keep_(text);
    return text;
  }
  void send(std::string_view bytes) override {
    while (!bytes.empty()) {
      const long count = transmit(bytes);
      if (count <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  void wait_for_end() override {
    char chunk[4096];
    while (receive(chunk, sizeof chunk) > 0) {
    }
  }
  void reset() override {
    const linger now{1, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }

 protected:
  virtual long receive(char* into, std::size_t size) { return ::recv(descriptor_, into, size, 0); }
  virtual long transmit(std::string_view bytes) {
    return ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }

 private:
  static bool is_whole(const std::string& text) {
    const std::size_t end = text.find("\r\n\r\n");
    const std::size_t length_at = text.find("Content-Length: ");
    if (end == std::string::npos || length_at > end) return false;
    std::size_t length = 0;
    std::from_chars(text.data() + length_at + 16, text.data() + end, length);
    return text.size() >= end + 4 + length;
  }
  int descriptor_;
  std::function<void(std::string)> keep_;
};

class TlsPeer final : public SocketPeer {
 public:
  TlsPeer(int descriptor, SSL* ssl, std::function<void(std::string)> keep)
      : SocketPeer(descriptor, std::move(keep)), ssl_(ssl) {}

 private:
  long receive(char* into, std::size_t size) override {
    return SSL_read(ssl_, into, static_cast<int>(size));
  }
  long transmit(std::string_view bytes) override {
    return SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()));
  }
  SSL* ssl_;
};

inline Receiver::Receiver(Script script) : script_(std::move(script)) { listen(); }

inline Receiver::Receiver(Script script, const std::string& tls_host)
    : script_(std::move(script)), tls_(std::make_unique<Tls>(tls_host)) {
  certificate_pem_ = tls_->pem();
  listen();
}

inline Receiver::~Receiver() {
  {
    const std::lock_guard lock{mutex_};
    is_over_ = true;
    for (const int descriptor : open_) ::shutdown(descriptor, SHUT_RDWR);
  }
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  threads_.clear();
  ::close(listener_);
}

inline void Receiver::listen() {
  listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(::bind(listener_, generic, size), 0);
  EXPECT_EQ(::listen(listener_, 512), 0);
  EXPECT_EQ(::getsockname(listener_, generic, &size), 0);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::jthread{[this] { accept_all(); }};
}

inline void Receiver::accept_all() {
  while (true) {
    const int descriptor = ::accept(listener_, nullptr, nullptr);
    const std::lock_guard lock{mutex_};
    if (descriptor < 0 || is_over_) {
      if (descriptor >= 0) ::close(descriptor);
      return;
    }
    open_.push_back(descriptor);
    const int connection = ++connections_;
    threads_.emplace_back([this, descriptor, connection] { serve(descriptor, connection); });
  }
}

inline void Receiver::serve(int descriptor, int connection) {
  const auto keep_request = [this](std::string request) { keep(std::move(request)); };
  if (tls_ == nullptr) {
    SocketPeer peer{descriptor, keep_request};
    script_(peer, connection);
  } else {
    SSL* ssl = SSL_new(tls_->context);
    SSL_set_fd(ssl, descriptor);
    if (SSL_accept(ssl) == 1) {
      TlsPeer peer{descriptor, ssl, keep_request};
      script_(peer, connection);
      SSL_shutdown(ssl);
    }
    SSL_free(ssl);
  }
  const std::lock_guard lock{mutex_};
  std::erase(open_, descriptor);
  ::close(descriptor);
}

inline void Receiver::keep(std::string request) {
  const std::lock_guard lock{mutex_};
  requests_.push_back(std::move(request));
  changed_.notify_all();
}

inline int Receiver::connections() {
  const std::lock_guard lock{mutex_};
  return connections_;
}

inline std::vector<std::string> Receiver::requests(std::size_t count) {
  std::unique_lock lock{mutex_};
  EXPECT_TRUE(
      changed_.wait_for(lock, std::chrono::seconds{20}, [&] { return requests_.size() >= count; }))
      << requests_.size() << " of " << count;
  return requests_;
}

// A script that answers every request with these bytes.
inline Receiver::Script answering(std::string bytes) {
  return [bytes = std::move(bytes)](ReceiverPeer& peer, int) {
    if (!peer.read_request().empty()) peer.send(bytes);
  };
}

}  // namespace metergate::http
