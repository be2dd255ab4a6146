// Lines of access logs: nginx (the combined format, the common variations of it, and Apache's of
// the same kind), Caddy (JSON) and HAProxy (HTTP log). Functions of the line; no threads.
//
//   nginx    [host] address - user [time] "request" status bytes ["referer" "agent"] more*
//            more is a quoted text, name=value, or a number with a point: the seconds it took
//   caddy    an object with "request", "status" and "ts"
//   haproxy  anything address:port [time] frontend backend/server timers status bytes …
//            {captured|headers}* "request"
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace metergate {

enum class LogFormat : std::uint8_t { nginx, caddy, haproxy };

struct LogCall {
  Timestamp at{};
  std::string method;
  std::string target;  // as requested, with its query
  std::string ip;
  std::int64_t status = 0;
  std::int64_t request_bytes = 0;  // 0 if the format does not say
  std::int64_t response_bytes = 0;
  Microseconds duration{0};  // likewise
  // The rest that may name the tenant: "host", "user", name=value of nginx, headers of Caddy in
  // lower case, "frontend", "backend", "capture1" … of HAProxy.
  std::vector<std::pair<std::string, std::string>> fields;

  std::optional<std::string_view> field(std::string_view name) const;
};

std::optional<LogFormat> parse_log_format(std::string_view name);
std::string_view name_of(LogFormat format);
// The format that most of the first whole lines have; nothing if none has any.
std::optional<LogFormat> recognise_log(std::string_view head);
// ErrorCode::invalid says what the line lacks. `zone` is for HAProxy, whose times have none.
Result<LogCall> read_log_line(LogFormat format, std::string_view line, const TimeZone& zone);

}  // namespace metergate
