#include "http/net/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace metergate::http {
namespace {

constexpr int kBacklog = 4096;
constexpr std::size_t kUnixPathMax = 100;  // sun_path has 108 bytes

// Closes the descriptor unless it is released.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

Result<Address> parse_address(const std::string& text, std::uint16_t port) {
  Address address;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (::inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    address.length = sizeof(*v4);
    return address;
  }
  if (::inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    address.length = sizeof(*v6);
    return address;
  }
  return fail(ErrorCode::invalid,
              fmt::format("'{}' is no IP address to listen on; use for example 0.0.0.0", text));
}

std::unexpected<Error> cannot_listen(const std::string& address, std::uint16_t port, int reason) {
  if (reason == EADDRINUSE)
    return fail(ErrorCode::storage,
                fmt::format("port {} is in use by another program; choose another with --port or "
                            "API_PORT",
                            port));
  if (reason == EACCES)
    return fail(ErrorCode::storage,
                fmt::format("port {} may be used by root only; choose one above 1023 with --port "
                            "or API_PORT",
                            port));
  return fail(ErrorCode::storage,
              fmt::format("cannot listen on {} port {}: {}", address, port, std::strerror(reason)));
}

void set_option(int fd, int level, int name) {
  const int on = 1;
  ::setsockopt(fd, level, name, &on, sizeof(on));
}

Descriptor open_socket(int family) {
  return Descriptor{::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
}

// Another program of the same user that also shares its port would be accepted beside us, and each
// would get half of the requests. So the port is first bound without sharing.
Result<> check_unused(const std::string& text, std::uint16_t port, const Address& address) {
  const Descriptor probe = open_socket(address.storage.ss_family);
  set_option(probe.get(), SOL_SOCKET, SO_REUSEADDR);
  if (probe.get() < 0 || ::bind(probe.get(), address.get(), address.length) != 0)
    return cannot_listen(text, port, errno);
  return {};
}

Result<std::uint16_t> port_of(int fd) {
  Address address;
  address.length = sizeof(address.storage);
  if (::getsockname(fd, address.get(), &address.length) != 0)
    return fail(ErrorCode::internal, "a listening socket has no address");
  // The port is at the same offset in both families.
  return ntohs(reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_port);
}

Result<Descriptor> listen_shared(const std::string& text, std::uint16_t port) {
  const Address address = TRY(parse_address(text, port));
  Descriptor socket = open_socket(address.storage.ss_family);
  set_option(socket.get(), SOL_SOCKET, SO_REUSEADDR);
  set_option(socket.get(), SOL_SOCKET, SO_REUSEPORT);
  const bool listens = socket.get() >= 0 &&
                       ::bind(socket.get(), address.get(), address.length) == 0 &&
                       ::listen(socket.get(), kBacklog) == 0;
  if (!listens) return cannot_listen(text, port, errno);
  return socket;
}

std::string text_of(const Address& address) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address.storage.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address.storage);
    ::inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text));
    return text;
  }
  if (address.storage.ss_family != AF_INET6) return "local";
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&address.storage);
  if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
    ::inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], text, sizeof(text));
  } else {
    ::inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text));
  }
  return text;
}

// A socket's name in the file system, through /proc if the path is too long.
struct UnixAddress {
  Descriptor folder;
  sockaddr_un name{};
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&name); }
};

Result<UnixAddress> unix_address(const std::string& text) {
  UnixAddress address{Descriptor{-1}};
  address.name.sun_family = AF_UNIX;
  std::string path = text;
  if (path.size() > kUnixPathMax) {
    const std::filesystem::path full{text};
    const std::string parent = full.has_parent_path() ? full.parent_path().string() : ".";
    Descriptor folder{::open(parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (folder.get() < 0)
      return fail(ErrorCode::storage,
                  fmt::format("cannot open the folder of '{}': {}", text, std::strerror(errno)));
    path = fmt::format("/proc/self/fd/{}/{}", folder.get(), full.filename().string());
    UnixAddress through_proc{std::move(folder), address.name};
    if (path.size() > kUnixPathMax)
      return fail(ErrorCode::invalid, fmt::format("the socket's name is too long: '{}'", text));
    path.copy(through_proc.name.sun_path, path.size());
    return through_proc;
  }
  path.copy(address.name.sun_path, path.size());
  return address;
}

// Removes the socket file of a killed server, and nothing else.
bool remove_stale(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode) &&
         ::unlink(path.c_str()) == 0;
}

bool is_listened_on(const UnixAddress& address) {
  const Descriptor probe = open_socket(AF_UNIX);
  return ::connect(probe.get(), address.get(), sizeof(address.name)) == 0 || errno == EAGAIN;
}

}  // namespace

Result<Listeners> listen_tcp(const std::string& address, std::uint16_t port, unsigned count) {
  const Address wanted = TRY(parse_address(address, port));
  TRY(check_unused(address, port, wanted));
  std::vector<Descriptor> sockets;
  for (unsigned i = 0; i < count; ++i) {
    sockets.push_back(TRY(listen_shared(address, port)));
    port = TRY(port_of(sockets.back().get()));
  }
  Listeners listeners{.descriptors = {}, .port = port};
  for (Descriptor& socket : sockets) listeners.descriptors.push_back(socket.release());
  return listeners;
}

Result<Listeners> listen_unix(const std::string& path) {
  const UnixAddress address = TRY(unix_address(path));
  Descriptor socket = open_socket(AF_UNIX);
  // Linux gives the socket file the mode of the socket, so it is never open to others.
  ::fchmod(socket.get(), S_IRUSR | S_IWUSR);
  int bound = ::bind(socket.get(), address.get(), sizeof(address.name));
  if (bound != 0 && errno == EADDRINUSE) {
    if (is_listened_on(address))
      return fail(ErrorCode::storage,
                  fmt::format("another server listens on the socket '{}'; stop it first", path));
    if (remove_stale(path)) bound = ::bind(socket.get(), address.get(), sizeof(address.name));
  }
  if (bound != 0 || ::listen(socket.get(), kBacklog) != 0)
    return fail(ErrorCode::storage,
                fmt::format("cannot listen on the socket '{}': {}", path, std::strerror(errno)));
  return Listeners{.descriptors = {socket.release()}, .port = 0};
}

std::expected<Accepted, AcceptError> accept_one(int listener) {
  Address peer;
  peer.length = sizeof(peer.storage);
  const int fd = ::accept4(listener, peer.get(), &peer.length, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK) return std::unexpected(AcceptError::none_waiting);
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
      return std::unexpected(AcceptError::out_of_descriptors);
    return std::unexpected(AcceptError::other);
  }
  if (peer.storage.ss_family != AF_UNIX) set_option(fd, IPPROTO_TCP, TCP_NODELAY);
  return Accepted{fd, peer.storage.ss_family, text_of(peer)};
}

}  // namespace metergate::http
