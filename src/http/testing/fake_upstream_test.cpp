#include "http/testing/fake_upstream_test.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "http/testing/outbound_receiver_test.h"
#include "http/testing/raw_client_test.h"

namespace metergate::http {

struct FakeUpstream::Tls : Receiver::Tls {
  using Receiver::Tls::Tls;
};

bool UpstreamSide::fill() {
  char bytes[16 * 1024];
  const ssize_t count =
      tls_ == nullptr ? ::recv(fd_, bytes, sizeof(bytes), 0) : SSL_read(tls_, bytes, sizeof(bytes));
  if (count <= 0) return false;
  buffer_.append(bytes, static_cast<std::size_t>(count));
  return true;
}

std::string UpstreamSide::head() {
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!fill()) return {};
  }
  std::string head = buffer_.substr(0, end + 4);
  buffer_.erase(0, end + 4);
  return head;
}

std::string UpstreamSide::request() {
  std::string whole = head();
  if (whole.empty()) return {};
  std::size_t size = 0;
  if (field_of(whole, "Transfer-Encoding") == "chunked") {
    std::size_t end = 0;
    while ((end = buffer_.find("0\r\n\r\n")) == std::string::npos) {
      if (!fill()) return {};
    }
    size = end + 5;
  } else if (const std::string length = field_of(whole, "Content-Length"); !length.empty()) {
    std::from_chars(length.data(), length.data() + length.size(), size);
    while (buffer_.size() < size) {
      if (!fill()) return {};
    }
  }
  whole += buffer_.substr(0, size);
  buffer_.erase(0, size);
  return whole;
}

std::string UpstreamSide::more() {
  if (buffer_.empty()) fill();
  return std::exchange(buffer_, {});
}

void UpstreamSide::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = tls_ == nullptr
                             ? ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL)
                             : SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()));
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void UpstreamSide::close() {
  is_closed_ = true;
  ::shutdown(fd_, SHUT_RDWR);
}

void UpstreamSide::reset() {
  const linger hard{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
}

FakeUpstream::FakeUpstream(Serve serve) : FakeUpstream(std::move(serve), "") {}

FakeUpstream::FakeUpstream(Serve serve, const std::string& tls_names)
    : serve_(std::move(serve)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (!tls_names.empty()) {
    tls_ = std::make_unique<Tls>(tls_names);
    certificate_ = tls_->pem();
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  ::listen(listener_, 64);
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
  port_ = ntohs(address.sin_port);
  accepting_ = std::jthread{[this] { accept_all(); }};
}

FakeUpstream::~FakeUpstream() { stop(); }

void FakeUpstream::stop() {
  if (listener_ < 0) return;
  ::shutdown(listener_, SHUT_RDWR);
  accepting_.join();
  ::close(std::exchange(listener_, -1));
  {
    const std::lock_guard lock{mutex_};
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  threads_.clear();
}

void FakeUpstream::accept_all() {
  while (true) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    const std::lock_guard lock{mutex_};
    open_.push_back(fd);
    threads_.emplace_back([this, fd, number = connections_++] { serve(fd, number); });
  }
}

void FakeUpstream::serve(int fd, int number) {
  // OpenSSL's write to a peer that has gone must not end the test.
  sigset_t broken_pipe;
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
  SSL* const tls = tls_ == nullptr ? nullptr : SSL_new(tls_->context);
  if (tls != nullptr) SSL_set_fd(tls, fd);
  UpstreamSide side{fd, tls};
  if (tls == nullptr || SSL_accept(tls) == 1) {
    serve_(side, number);
    if (tls != nullptr && !side.is_last()) SSL_shutdown(tls);
  }
  SSL_free(tls);
  {
    const std::lock_guard lock{mutex_};
    std::erase(open_, fd);
    ::close(fd);
    ++ended_;
  }
  changed_.notify_all();
}

void FakeUpstream::wait_for_ended(int count) {
  std::unique_lock lock{mutex_};
  changed_.wait_for(lock, std::chrono::seconds{20}, [&] { return ended_ >= count; });
}

std::string simple_answer(std::string_view body) {
  return fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", body.size(), body);
}

}  // namespace metergate::http
