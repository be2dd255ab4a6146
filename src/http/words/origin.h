// Origin: the "http://host:port" or "https://host:port" of an upstream. Functions and values; safe
// from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace metergate::http {

struct Origin {
  bool is_secure = false;  // https
  std::string host;        // a name or an address, without brackets
  std::uint16_t port = 80;
  std::string authority;  // as it stands in a Host field: "api.internal:3000", "[::1]:3000"
};

// Reads "http[s]://HOST[:PORT][/]", without user, path or query. ErrorCode::invalid names the
// fault.
Result<Origin> parse_origin(std::string_view url);

}  // namespace metergate::http
