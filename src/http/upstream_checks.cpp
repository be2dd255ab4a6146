#include "http/upstream_checks.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

namespace metergate::http {
namespace {

constexpr std::size_t kStatusLineBytes = 12;  // "HTTP/1.1 200"

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

bool wait_for(int fd, short events, Milliseconds timeout) {
  pollfd waiting{.fd = fd, .events = events, .revents = 0};
  int ready = 0;
  do {
    ready = ::poll(&waiting, 1, static_cast<int>(timeout.count()));
  } while (ready < 0 && errno == EINTR);
  return ready == 1;
}

bool connect_within(int fd, const SocketAddress& address, Milliseconds timeout) {
  if (fd < 0) return false;
  const auto* name = reinterpret_cast<const sockaddr*>(address.bytes.data());
  if (::connect(fd, name, static_cast<socklen_t>(address.bytes.size())) == 0) return true;
  if (errno != EINPROGRESS || !wait_for(fd, POLLOUT, timeout)) return false;
  int error = 0;
  socklen_t length = sizeof(error);
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == 0;
}

bool answers_well(int fd, const std::string& path, const Upstream::Target& target,
                  Milliseconds timeout) {
  const std::string request = fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: metergate\r\nConnection: close\r\n\r\n", path,
      target.origin.authority);
  if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size()))
    return false;
  std::array<char, kStatusLineBytes> start{};
  std::size_t held = 0;
  while (held < start.size()) {
    if (!wait_for(fd, POLLIN, timeout)) return false;
    const ssize_t count = ::recv(fd, start.data() + held, start.size() - held, 0);
    if (count <= 0) return false;
    held += static_cast<std::size_t>(count);
  }
  int status = 0;
  std::from_chars(start.data() + 9, start.data() + start.size(), status);
  return status >= 200 && status < 400;
}

}  // namespace

bool is_answering(const Upstream& upstream, const Upstream::Target& target) {
  const auto addresses = target.addresses.load();
  if (addresses == nullptr) return false;
  const UpstreamOptions& options = upstream.options();
  const Milliseconds timeout = options.connect_timeout;
  return std::ranges::any_of(*addresses, [&](const SocketAddress& address) {
    const Descriptor socket{
        ::socket(address.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (!connect_within(socket.get(), address, timeout)) return false;
    return options.health_path.empty() ||
           answers_well(socket.get(), options.health_path, target, timeout);
  });
}

UpstreamChecks::UpstreamChecks(std::vector<Upstream*> upstreams, const Log& log)
    : upstreams_(std::move(upstreams)), log_(log) {}

UpstreamChecks::~UpstreamChecks() {
  {
    const std::lock_guard lock{mutex_};
    is_stopping_ = true;
  }
  wake_.notify_all();
}

void UpstreamChecks::start() {
  for (Upstream* upstream : upstreams_)
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
    const bool is_healthy = is_answering(upstream, target);
    if (target.is_healthy.exchange(is_healthy) == is_healthy) continue;
    log_.warn("gateway.target", {{"upstream", upstream.options().name},
                                 {"origin", target.origin.authority},
                                 {"healthy", is_healthy}});
  }
}

}  // namespace metergate::http
