// Listening sockets by plain system calls: TCP with SO_REUSEPORT, one for each thread, or one Unix
// socket of mode 0600. Errors name the address and the remedy. The caller owns the descriptors.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace metergate::http {

struct Listeners {
  std::vector<int> descriptors;  // non-blocking, listening
  std::uint16_t port = 0;        // 0: a Unix socket
};

// `count` sockets on one port (0: any free one). ErrorCode::storage if the port is not available,
// ErrorCode::invalid if `address` is not an IP address.
Result<Listeners> listen_tcp(const std::string& address, std::uint16_t port, unsigned count);

// Takes over a socket file without a listener.
Result<Listeners> listen_unix(const std::string& path);

struct Accepted {
  int descriptor;
  int family;
  std::string remote_ip;  // "local" on a Unix socket
};

enum class AcceptError : std::uint8_t { none_waiting, out_of_descriptors, other };

// The next waiting connection, non-blocking, without Nagle's delay.
std::expected<Accepted, AcceptError> accept_one(int listener);

}  // namespace metergate::http
