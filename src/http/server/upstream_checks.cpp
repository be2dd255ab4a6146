#include "http/server/upstream_checks.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <span>

#include "http/net/tls_session.h"

namespace metergate::http {
namespace {

constexpr std::size_t kStatusLineBytes = 12;  // "HTTP/1.1 200"

std::unexpected<Error> not_well(std::string why) {
  return fail(ErrorCode::upstream, std::move(why));
}

// A check's connection, plain or with TLS. Each wait has a limit.
class Line {
 public:
  Line(int family, Milliseconds timeout)
      : fd_(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)), timeout_(timeout) {}
  ~Line() {
    tls_.reset();
    if (fd_ >= 0) ::close(fd_);
  }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  Result<> connect(const SocketAddress& address) {
    if (fd_ < 0) return not_well("no socket");
    const auto* name = reinterpret_cast<const sockaddr*>(address.bytes.data());
    if (::connect(fd_, name, static_cast<socklen_t>(address.bytes.size())) == 0) return {};
    if (errno != EINPROGRESS) return not_well(std::strerror(errno));
    TRY(wait_for(POLLOUT));
    int error = 0;
    socklen_t length = sizeof(error);
    if (::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
    return error == 0 ? Result<>{} : not_well(std::strerror(error));
  }

  Result<> start_tls(TlsContext& context, const std::string& host) {
    tls_ = TlsSession::create(context, fd_, host);
    if (tls_ == nullptr) return not_well("no TLS session could be made");
    TlsSession::Moved moved = tls_->shake_hands();
    while (moved.is_waiting()) {
      TRY(wait_for(moved));
      moved = tls_->shake_hands();
    }
    if (moved.state == TlsSession::State::moved) return {};
    return not_well("no TLS: " + tls_->problem());
  }

  // Sends a text short enough to be sent at once.
  Result<> send(std::string_view bytes) {
    const ssize_t sent = tls_ == nullptr ? ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL)
                                         : static_cast<ssize_t>(tls_->write_now(bytes, {}));
    if (sent == std::ssize(bytes)) return {};
    return not_well("it did not take the request");
  }

  Result<> receive(std::span<char> all) {
    while (!all.empty()) {
      const std::size_t count = TRY(receive_some(all));
      all = all.subspan(count);
    }
    return {};
  }

 private:
  Result<std::size_t> receive_some(std::span<char> room) {
    if (tls_ == nullptr) {
      TRY(wait_for(POLLIN));
      const ssize_t count = ::recv(fd_, room.data(), room.size(), 0);
      if (count <= 0) return not_well("it ended the connection");
      return static_cast<std::size_t>(count);
    }
    TlsSession::Moved moved = tls_->read(room);
    while (moved.is_waiting()) {
      TRY(wait_for(moved));
      moved = tls_->read(room);
    }
    if (moved.state != TlsSession::State::moved) return not_well(tls_->problem());
    return moved.bytes;
  }

  Result<> wait_for(const TlsSession::Moved& moved) const {
    return wait_for(moved.state == TlsSession::State::wants_write ? POLLOUT : POLLIN);
  }
  Result<> wait_for(short events) const {
    pollfd waiting{.fd = fd_, .events = events, .revents = 0};
    int ready = 0;
    do {
      ready = ::poll(&waiting, 1, static_cast<int>(timeout_.count()));
    } while (ready < 0 && errno == EINTR);
    return ready == 1 ? Result<>{} : not_well("it did not answer in time");
  }

  int fd_;
  const Milliseconds timeout_;
  std::unique_ptr<TlsSession> tls_;
};

Result<> ask(Line& line, const std::string& path, const std::string& authority) {
  TRY(line.send(fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: metergate\r\nConnection: close\r\n\r\n", path,
      authority)));
  std::array<char, kStatusLineBytes> start{};
  TRY(line.receive(start));
  int status = 0;
  std::from_chars(start.data() + 9, start.data() + start.size(), status);
  if (status >= 200 && status < 400) return {};
  return not_well(fmt::format("it answered {} with {}", path, status));
}

Result<> try_address(const Upstream& upstream, const Upstream::Target& target,
                     const SocketAddress& address) {
  const UpstreamOptions& options = upstream.options();
  Line line{address.family, options.connect_timeout};
  TRY(line.connect(address));
  if (target.origin.is_secure) TRY(line.start_tls(*options.tls, target.origin.host));
  if (options.health_path.empty()) return {};
  return ask(line, options.health_path, target.origin.authority);
}

}  // namespace

Result<> try_target(const Upstream& upstream, const Upstream::Target& target) {
  const auto addresses = target.addresses.load();
  if (addresses == nullptr) return not_well("its name was not found");
  Result<> tried = not_well("it has no address");
  for (const SocketAddress& address : *addresses) {
    tried = try_address(upstream, target, address);
    if (tried) break;
  }
  return tried;
}

UpstreamChecks::UpstreamChecks(std::vector<std::shared_ptr<Upstream>> upstreams, const Log& log)
    : upstreams_(std::move(upstreams)), log_(log) {}

UpstreamChecks::~UpstreamChecks() {
  {
    const std::lock_guard lock{mutex_};
    is_stopping_ = true;
  }
  wake_.notify_all();
}

void UpstreamChecks::start() {
  for (const auto& upstream : upstreams_)
    threads_.emplace_back([this, upstream] { check_until_stopped(*upstream); });
}

void UpstreamChecks::check_until_stopped(Upstream& upstream) {
  std::unique_lock lock{mutex_};
  while (!is_stopping_) {
    lock.unlock();
    check(upstream);
    lock.lock();
    wake_.wait_for(lock, upstream.options().health_every, [this] { return is_stopping_; });
  }
}

void UpstreamChecks::check(Upstream& upstream) const {
  for (Upstream::Target& target : upstream.targets()) {
    Upstream::resolve(target);
    const Result<> tried = try_target(upstream, target);
    const bool is_healthy = tried.has_value();
    if (target.is_healthy.exchange(is_healthy) == is_healthy) continue;
    log_.warn("gateway.target", {{"upstream", upstream.options().name},
                                 {"origin", target.origin.authority},
                                 {"healthy", is_healthy},
                                 {"why", is_healthy ? "it answers" : tried.error().message}});
  }
}

}  // namespace metergate::http
