// Destination: where a message is sent on somebody else's wish, taken out of a URL and held against
// the operator's rules.
//
// One strict reading of a URL: what two programs might read differently is refused, never repaired.
// Values and pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/net/address_rule.h"

namespace metergate::http {

struct Destination {
  bool is_secure = true;
  std::string host;                  // lower case; an IPv6 address without its brackets
  std::optional<IpAddress> address;  // where the host is one
  std::uint16_t port = 0;
  std::string target;  // path and query, begins with '/'

  std::string host_field() const;  // "[2001:db8::1]:8443"; without the scheme's own port
};

struct DestinationRules {
  AllowList allow;
  bool http_allowed = false;
};

// https:// or http://, a host, perhaps a port, a path and a query; no user, no fragment, visible
// ASCII only, at most 2,048 bytes. ErrorCode::invalid says what is wrong with it.
Result<Destination> parse_destination(std::string_view url);

// What can be said before a name is looked up: https unless http is allowed; port 80, 443 or above
// 1023, and an address that is public, unless the operator allows that host.
Result<> check_destination(const Destination& destination, const DestinationRules& rules);

// Whether an address that the host was found at may be connected to.
bool may_connect(const Destination& destination, const IpAddress& address,
                 const DestinationRules& rules);

}  // namespace metergate::http
