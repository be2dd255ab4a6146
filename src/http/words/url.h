// Request targets: an origin-form target split into a decoded path and decoded query values.
//
// Strict, and decodes once: what could be read in two ways (a dot segment, an encoded slash, a
// control character, bytes that are no UTF-8) is refused, never repaired. Functions; any thread.
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

// ErrorCode::invalid says what is wrong with it.
Result<Target> parse_target(std::string_view target);
// The same by halves: a request that passes through is routed by its path, and its query is the
// upstream's to read. The first looks at the characters of both.
Result<std::string> parse_target_path(std::string_view target);
// The path of a request that may pass through: looser, since it goes on byte for byte. What can be
// told apart is decoded; escapes of '/', '\\', '%', '?', '#', of control characters and of bytes
// that are no UTF-8 stay as they came. NUL and dot segments are refused here too.
Result<std::string> parse_passing_path(std::string_view target);
Result<std::vector<std::pair<std::string, std::string>>> parse_target_query(
    std::string_view target);

// Whether a segment of the path is "." or "..", as it stands.
bool has_dot_segment(std::string_view path);

// Each %HH replaced by its byte; nothing where a '%' is not followed by two hexadecimal digits.
std::optional<std::string> percent_decode(std::string_view text);

}  // namespace metergate::http
