// The options and the non-blocking connection that bench_flood and bench_slow share.
#pragma once

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

struct Options {
  std::string token, prefix = "f", path = "/api/v1/events";
  int port = 0;
  double rate = 100, seconds = 5;
  std::size_t connections = 64, batch = 0, tenants = 1'000;
};

[[noreturn]] inline void give_up(const std::string& why) {
  fmt::print(stderr, "{}\n", why);
  std::exit(1);
}

inline std::string head_of(const Options& options, std::string_view method) {
  return fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n", method,
                     options.path, options.token);
}

// A non-blocking connection to the server, connecting or connected.
class Socket {
 public:
  explicit Socket(int port, int receive_bytes = 0)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
    if (fd_ < 0) give_up("has no descriptors left");
    if (receive_bytes > 0)
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int done = ::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    if (done != 0 && errno != EINPROGRESS) give_up("cannot connect");
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() { ::close(fd_); }
  int descriptor() const { return fd_; }
  ssize_t send(std::string_view bytes) const {
    return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  ssize_t receive(char* into, std::size_t size) const { return ::recv(fd_, into, size, 0); }

 private:
  int fd_;
};

inline Options read_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const char* value = argv[i + 1];
    const auto number = [value] { return std::strtoull(value, nullptr, 10); };
    if (name == "--port")
      options.port = static_cast<int>(number());
    else if (name == "--token")
      options.token = value;
    else if (name == "--prefix")
      options.prefix = value;
    else if (name == "--path")
      options.path = value;
    else if (name == "--rate")
      options.rate = std::strtod(value, nullptr);
    else if (name == "--seconds")
      options.seconds = std::strtod(value, nullptr);
    else if (name == "--connections")
      options.connections = number();
    else if (name == "--batch")
      options.batch = number();
    else if (name == "--tenants")
      options.tenants = number();
    else
      give_up("no such option: " + std::string(name));
  }
  return options;
}
