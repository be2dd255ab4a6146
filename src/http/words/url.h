// Request targets: splits an origin-form target into a decoded path and decoded query values.
//
// Strict, and decodes once: ambiguous input (a dot segment, an encoded slash, a control character,
// bytes that are not UTF-8) is refused, never repaired. Plain functions; safe from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace metergate::http {

struct Target {
  std::string path;  // begins with '/'
  std::vector<std::pair<std::string, std::string>> query;
};

// ErrorCode::invalid names the fault.
Result<Target> parse_target(std::string_view target);
// The path alone, for proxied requests: they are routed by path, and only the upstream reads their
// query. Checks the characters of both.
Result<std::string> parse_target_path(std::string_view target);
// The path of a request that may be proxied: less strict, since it is passed on byte for byte.
// Unambiguous escapes are decoded; those of '/', '\\', '%', '?', '#', of control characters and of
// bytes that are not UTF-8 stay as they came. NUL and dot segments are refused here too.
Result<std::string> parse_passing_path(std::string_view target);
Result<std::vector<std::pair<std::string, std::string>>> parse_target_query(
    std::string_view target);

// True if a segment of the path is literally "." or "..".
bool has_dot_segment(std::string_view path);

// Replaces each %HH by its byte; nothing if a '%' is not followed by two hexadecimal digits.
std::optional<std::string> percent_decode(std::string_view text);

}  // namespace metergate::http
