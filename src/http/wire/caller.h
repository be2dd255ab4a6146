// Caller: who is at the other end of a request. Behind trusted proxies that is not the peer of the
// connection but whom they name, read from the right: the last address that none of them is.
//
// What anybody else writes into such fields is not believed. Values and functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/net/address_rule.h"
#include "http/words/message.h"

namespace metergate::http {

// How much of a caller's address may be kept: all of it, its network (IPv4 /24, IPv6 /48), nothing.
enum class RecordedAddress : std::uint8_t { full, network, none };

struct CallerRules {
  NetworkList proxies;  // whose word is taken
  RecordedAddress recorded = RecordedAddress::full;
};

// As much of an address as may be kept: "203.0.113.7" is "203.0.113.0" of its network. Of what is
// no address ("local", of a Unix socket) nothing is left out but by `none`.
std::string recorded_address(std::string_view address, RecordedAddress recorded);

// Fills what the request says of its caller: remote_ip, recorded_ip, host, scheme and
// is_from_proxy. `peer` is the address of the connection's other end.
//
// X-Forwarded-For, -Proto and -Host are looked at first, Forwarded (RFC 7239) only where none of
// them is there. An entry that is no address ends the search: the one behind it is the caller.
void find_caller(Request& request, std::string_view peer, const CallerRules& rules);

// The value of a Forwarded field that says this of the request.
std::string forwarded_value(const Request& request);

}  // namespace metergate::http
