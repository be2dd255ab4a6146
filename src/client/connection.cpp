#include "client/connection.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <system_error>
#include <utility>

namespace metergate::client {
namespace {

constexpr std::size_t kReadBytes = 16 * 1024;

std::string reason(int error) { return std::generic_category().message(error); }

short events_for(Moved::State state) {
  return state == Moved::State::wants_write ? POLLOUT : POLLIN;
}

void set_option(int socket, int level, int name) {
  const int on = 1;
  // A system without the option still works.
  static_cast<void>(setsockopt(socket, level, name, &on, sizeof on));
}

}  // namespace

Connection::Connection(Endpoint endpoint, std::string token, std::unique_ptr<TlsContext> tls)
    : endpoint_(std::move(endpoint)), tls_(std::move(tls)) {
  head_ = "POST " + endpoint_.path + " HTTP/1.1\r\nHost: " + endpoint_.authority +
          "\r\nAuthorization: Bearer " + token +
          "\r\nContent-Type: application/cloudevents-batch+json"
          "\r\nUser-Agent: metergate-client-cpp\r\nContent-Length: ";
  // Without file descriptors the process cannot go on.
  if (pipe2(interruption_.data(), O_CLOEXEC | O_NONBLOCK) != 0) std::abort();
}

Connection::~Connection() {
  close();
  ::close(interruption_[0]);
  ::close(interruption_[1]);
}

void Connection::interrupt() {
  // If the pipe is full, it interrupts already.
  [[maybe_unused]] const auto written = write(interruption_[1], "x", 1);
}

void Connection::close() {
  session_.reset();
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
  is_used_ = false;
}

Exchange Connection::post(std::string_view body, std::chrono::milliseconds timeout) {
  deadline_ = steady_now() + timeout;
  const bool was_used = is_used_;
  Exchange exchange = post_once(body);
  if (!exchange.answer && was_used && is_stale_) exchange = post_once(body);
  return exchange;
}

Exchange Connection::post_once(std::string_view body) {
  is_stale_ = false;
  if (socket_ < 0) {
    std::string why = connect();
    if (!why.empty()) return {std::nullopt, std::move(why)};
  }
  std::string why = send(head_ + std::to_string(body.size()) + "\r\n\r\n");
  if (why.empty()) why = send(body);
  // A server that refuses a body may answer and close before it has read all of it.
  Exchange exchange = why.empty() || is_stale_ ? receive() : Exchange{std::nullopt, why};
  if (!exchange.answer || !why.empty()) close();
  is_used_ = socket_ >= 0;
  return exchange;
}

std::string Connection::connect() {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int status = getaddrinfo(endpoint_.host.c_str(), endpoint_.port.c_str(), &wanted, &found);
  if (status != 0) return endpoint_.host + " was not found: " + gai_strerror(status);
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, freeaddrinfo);
  std::string why = endpoint_.host + " has no address";
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    why = connect_to(*address);
    if (why.empty() && tls_ != nullptr) why = start_tls();
    if (why.empty()) return why;
    close();
  }
  return endpoint_.authority + ": " + why;
}

std::string Connection::connect_to(const addrinfo& address) {
  socket_ = socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket_ < 0) return reason(errno);
  set_option(socket_, IPPROTO_TCP, TCP_NODELAY);
  if (::connect(socket_, address.ai_addr, address.ai_addrlen) == 0) return {};
  if (errno != EINPROGRESS) return reason(errno);
  const Ready ready = wait_for(POLLOUT);
  if (ready != Ready::yes) return lateness(ready);
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  return error == 0 ? "" : reason(error);
}

std::string Connection::start_tls() {
  session_ = tls_->start(socket_, endpoint_.host);
  if (session_ == nullptr) return "no TLS session could be made";
  while (true) {
    const Moved moved = session_->shake_hands();
    if (moved.state == Moved::State::done) return {};
    if (moved.state == Moved::State::ended) return "no TLS: the server ended the handshake";
    if (moved.state == Moved::State::failed) return "no TLS: " + moved.why;
    const Ready ready = wait_for(events_for(moved.state));
    if (ready == Ready::late) return "the TLS handshake did not end in time";
    if (ready == Ready::interrupted) return lateness(ready);
  }
}

Connection::Ready Connection::wait_for(short events, short* happened) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - steady_now());
    if (left.count() <= 0) return Ready::late;
    std::array<pollfd, 2> watched{{{socket_, events, 0}, {interruption_[0], POLLIN, 0}}};
    const auto longest = std::min<std::int64_t>(left.count(), 1'000'000);
    const int count = poll(watched.data(), watched.size(), static_cast<int>(longest));
    if (watched[1].revents != 0) return Ready::interrupted;
    if (count <= 0 || watched[0].revents == 0) continue;
    if (happened != nullptr) *happened = watched[0].revents;
    return Ready::yes;
  }
}

std::string Connection::lateness(Ready ready) const {
  return ready == Ready::interrupted ? "interrupted" : "no answer in time";
}

std::string Connection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    Moved moved = send_some(bytes);
    if (moved.state == Moved::State::done) {
      bytes.remove_prefix(moved.bytes);
      continue;
    }
    if (moved.state == Moved::State::failed || moved.state == Moved::State::ended) {
      is_stale_ = true;
      return std::move(moved.why);
    }
    short happened = 0;
    const auto events = static_cast<short>(events_for(moved.state) | POLLIN);
    const Ready ready = wait_for(events, &happened);
    if (ready != Ready::yes) return lateness(ready);
    // The server answers or closes before it has the whole body, and may never read the rest.
    if ((happened & POLLIN) != 0 && has_answer()) {
      is_stale_ = true;
      return "the server did not read the whole body";
    }
  }
  return {};
}

Moved Connection::send_some(std::string_view bytes) {
  if (session_ != nullptr) return session_->send(bytes);
  const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent >= 0) return {Moved::State::done, static_cast<std::size_t>(sent), {}};
  if (errno == EAGAIN || errno == EINTR) return {Moved::State::wants_write, 0, {}};
  return {Moved::State::failed, 0, reason(errno)};
}

Exchange Connection::receive() {
  AnswerReader reader;
  std::array<char, kReadBytes> bytes;
  short wanted = POLLIN;
  while (true) {
    const bool has_waiting = session_ != nullptr && session_->has_waiting();
    const Ready ready = has_waiting ? Ready::yes : wait_for(wanted);
    if (ready != Ready::yes) return {std::nullopt, lateness(ready)};
    Moved moved = receive_some(bytes.data(), bytes.size());
    wanted = events_for(moved.state);
    if (moved.state == Moved::State::wants_read || moved.state == Moved::State::wants_write) {
      continue;
    }
    const bool is_ended = moved.state == Moved::State::ended;
    if (moved.state == Moved::State::failed) {
      is_stale_ = reader.is_untouched();
      return {std::nullopt, std::move(moved.why)};
    }
    is_stale_ = is_ended && reader.is_untouched();
    const auto state = is_ended ? reader.end() : reader.add({bytes.data(), moved.bytes});
    if (state == AnswerReader::State::broken) {
      return {std::nullopt, is_stale_ ? "the server closed the connection"
                                      : "the answer is no HTTP, or too big, or was cut off"};
    }
    if (state == AnswerReader::State::complete) {
      if (!reader.keeps_connection()) close();
      return {reader.answer(), {}};
    }
  }
}

Moved Connection::receive_some(char* into, std::size_t size) {
  if (session_ != nullptr) return session_->receive(into, size);
  const ssize_t count = recv(socket_, into, size, 0);
  if (count > 0) return {Moved::State::done, static_cast<std::size_t>(count), {}};
  if (count == 0) return {Moved::State::ended, 0, {}};
  if (errno == EAGAIN || errno == EINTR) return {Moved::State::wants_read, 0, {}};
  return {Moved::State::failed, 0, reason(errno)};
}

}  // namespace metergate::client
