// The server's address, parsed: http[s]://HOST[:PORT][/PREFIX]. A value; no threads.
#pragma once

#include <string>
#include <string_view>

namespace metergate::client {

struct Endpoint {
  bool is_secure = false;  // https
  std::string host;        // a name or an address, without the brackets of IPv6
  std::string port;
  std::string authority;  // for the Host field
  std::string path;       // of the events: PREFIX/api/v1/events
};

// The fault of the url; empty if there is none, and `endpoint` is then set.
std::string parse_endpoint(std::string_view url, Endpoint& endpoint);

}  // namespace metergate::client
