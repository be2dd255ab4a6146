// Destination: the target of a message sent at a stranger's request, read from a URL and checked
// against the operator's rules.
//
// URLs are read strictly: one that two programs might read differently is refused, never repaired.
// Values and pure functions; safe from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/net/address_rule.h"

namespace metergate::http {

struct Destination {
  bool is_secure = true;             // TLS from the first byte
  bool is_mail = false;              // smtp:// or smtps://
  std::string host;                  // lower case; an IPv6 address without its brackets
  std::optional<IpAddress> address;  // if the host is an address
  std::uint16_t port = 0;
  std::string target;  // path and query, beginning with '/'

  std::string host_field() const;  // "[2001:db8::1]:8443"; without the scheme's own port
};

struct DestinationRules {
  AllowList allow;
  bool http_allowed = false;
};

// https:// or http://, a host, optionally a port, a path and a query; no user, no fragment, visible
// ASCII only, at most 2,048 bytes. ErrorCode::invalid names the fault.
Result<Destination> parse_destination(std::string_view url);

// smtps://, with TLS from the start, or smtp://, with STARTTLS; a host, optionally a port (465 and
// 587 where none is given), and nothing else. ErrorCode::invalid names the fault.
Result<Destination> parse_mail_server(std::string_view url);

// The checks before a name is looked up: https, unless http is allowed; port 80, 443 (25, 465, 587
// of a mail server) or above 1023; and a public address, unless the operator allows the host.
Result<> check_destination(const Destination& destination, const DestinationRules& rules);

// True if an address of the host may be connected to.
bool may_connect(const Destination& destination, const IpAddress& address,
                 const DestinationRules& rules);

}  // namespace metergate::http
