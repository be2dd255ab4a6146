// Caller: finds the caller of a request. Behind trusted proxies that is not the peer of the
// connection but the address that they name, read from the right: the last one that is not a
// trusted proxy.
//
// Such fields are ignored from all other peers. Values and functions; safe from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/net/address_rule.h"
#include "http/words/message.h"

namespace metergate::http {

// The part of a caller's address that may be kept: all, its network (IPv4 /24, IPv6 /48), or
// nothing.
enum class RecordedAddress : std::uint8_t { full, network, none };

struct CallerRules {
  NetworkList proxies;  // trusted to name the caller
  RecordedAddress recorded = RecordedAddress::full;
};

// The part of an address that may be kept: "203.0.113.7" becomes "203.0.113.0" for its network. A
// text that is not an address ("local", for a Unix socket) is dropped only with `none`.
std::string recorded_address(std::string_view address, RecordedAddress recorded);

// Fills the fields about a request's caller: remote_ip, recorded_ip, host, scheme and
// is_from_proxy. `peer` is the address of the connection's other end.
//
// X-Forwarded-For, -Proto and -Host are read first; Forwarded (RFC 7239) only if none of them is
// present. An entry that is not an address ends the search: the caller is then the proxy that wrote
// it.
void find_caller(Request& request, std::string_view peer, const CallerRules& rules);

// The value of a Forwarded field for the request.
std::string forwarded_value(const Request& request);

}  // namespace metergate::http
