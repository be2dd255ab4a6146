// The reader of each log format, and what they share. Functions; no threads.
#pragma once

#include <optional>
#include <string_view>

#include "app/access_log.h"

namespace metergate {

Result<LogCall> read_nginx_line(std::string_view line);
Result<LogCall> read_caddy_line(std::string_view line);
Result<LogCall> read_haproxy_line(std::string_view line, const TimeZone& zone);

// "200", "+512", "-1".
std::optional<std::int64_t> log_number(std::string_view text);
// "0.123": seconds, exactly to the microsecond.
std::optional<Microseconds> log_seconds(std::string_view text);
// "05/Mar/2026:10:30:00 +0100", or without an offset and with thousandths, in `zone`.
std::optional<Timestamp> log_time(std::string_view text, const TimeZone* zone);
// "GET /path HTTP/1.1".
Result<> take_request_line(std::string_view request, LogCall& call);

}  // namespace metergate
