// Where the server is: http[s]://HOST[:PORT][/PREFIX], taken apart. A value; no threads.
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

// What is wrong with the url; empty: nothing, and `endpoint` is what it says.
std::string parse_endpoint(std::string_view url, Endpoint& endpoint);

}  // namespace metergate::client
