#include "app/access_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "app/access_log_readers.h"

namespace metergate {
namespace {

constexpr std::array<std::string_view, 3> kLogFormatNames = {"nginx", "caddy", "haproxy"};
constexpr std::size_t kLinesLookedAt = 20;
constexpr std::array<std::string_view, 12> kMonthNames = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

}  // namespace

std::optional<std::string_view> LogCall::field(std::string_view name) const {
  const auto found = std::ranges::find(
      fields, name, [](const auto& field) -> const auto& { return field.first; });
  if (found == fields.end()) return std::nullopt;
  return found->second;
}

std::optional<LogFormat> parse_log_format(std::string_view name) {
  const auto found = std::ranges::find(kLogFormatNames, name);
  if (found == kLogFormatNames.end()) return std::nullopt;
  return static_cast<LogFormat>(found - kLogFormatNames.begin());
}

std::string_view name_of(LogFormat format) {
  return kLogFormatNames[static_cast<std::size_t>(format)];
}

std::optional<LogFormat> recognise_log(std::string_view head) {
  std::array<std::size_t, kLogFormatNames.size()> matches{};
  const TimeZone utc = TimeZone::utc();
  for (std::size_t seen = 0; seen < kLinesLookedAt && !head.empty();) {
    const std::size_t end = std::min(head.find('\n'), head.size());
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(end + 1, head.size()));
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    ++seen;
    for (std::size_t format = 0; format < matches.size(); ++format)
      if (read_log_line(static_cast<LogFormat>(format), line, utc)) ++matches[format];
  }
  const auto most = std::ranges::max_element(matches);
  if (*most == 0) return std::nullopt;
  return static_cast<LogFormat>(most - matches.begin());
}

Result<LogCall> read_log_line(LogFormat format, std::string_view line, const TimeZone& zone) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  switch (format) {
    case LogFormat::nginx:
      return read_nginx_line(line);
    case LogFormat::caddy:
      return read_caddy_line(line);
    case LogFormat::haproxy:
      return read_haproxy_line(line, zone);
  }
  return fail(ErrorCode::invalid, "this is no format of a log");
}

std::optional<std::int64_t> log_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t number = 0;
  const auto [rest, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc{} || rest != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

std::optional<Microseconds> log_seconds(std::string_view text) {
  const std::size_t point = std::min(text.find('.'), text.size());
  const auto whole = log_number(text.substr(0, point));
  std::string decimals{point < text.size() ? text.substr(point + 1) : "0"};
  decimals = decimals.substr(0, 6);
  decimals.resize(6, '0');
  const auto micros = log_number(decimals);
  constexpr std::int64_t kSecondsMax = 1'000'000'000;
  if (!whole || !micros || *whole < 0 || *whole > kSecondsMax || *micros < 0) return std::nullopt;
  return std::chrono::seconds{*whole} + Microseconds{*micros};
}

std::optional<Timestamp> log_time(std::string_view text, const TimeZone* zone) {
  // "05/Mar/2026:10:30:00", then ".123" or " +0100"
  constexpr std::size_t kLength = 20;
  if (text.size() < kLength) return std::nullopt;
  const auto month = std::ranges::find(kMonthNames, text.substr(3, 3));
  if (month == kMonthNames.end()) return std::nullopt;
  std::string iso =
      fmt::format("{}-{:02}-{}T{}", text.substr(7, 4), month - kMonthNames.begin() + 1,
                  text.substr(0, 2), text.substr(12, 8));
  const bool is_shaped = text[2] == '/' && text[6] == '/' && text[11] == ':';
  std::string_view rest = text.substr(kLength);
  if (rest.starts_with('.')) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    iso += rest.substr(0, end);
    rest.remove_prefix(end);
  }
  if (!is_shaped) return std::nullopt;
  constexpr std::size_t kOffsetLength = 6;  // " +0100"
  if (rest.size() == kOffsetLength && rest[0] == ' ') {
    const auto at =
        parse_timestamp(fmt::format("{}{}:{}", iso, rest.substr(1, 3), rest.substr(4, 2)));
    return at ? std::optional{*at} : std::nullopt;
  }
  if (!rest.empty() || zone == nullptr) return std::nullopt;
  const auto local = parse_timestamp(iso + "Z");
  if (!local) return std::nullopt;
  // The offset may change in between, so it is looked up where the time is; an hour that occurs
  // twice is taken for one of the two.
  const Timestamp near = *local - zone->offset_at(*local);
  return *local - zone->offset_at(near);
}

Result<> take_request_line(std::string_view request, LogCall& call) {
  const std::size_t space = request.find(' ');
  const std::size_t last = request.rfind(' ');
  const std::string_view method = request.substr(0, space);
  const bool is_method = !method.empty() && std::ranges::all_of(method, [](char c) {
    return (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  });
  if (space == request.npos || !is_method || !request.substr(last + 1).starts_with("HTTP/"))
    return fail(ErrorCode::invalid,
                fmt::format("\"{:.40}\" is no request line: what came was no HTTP", request));
  call.method = method;
  call.target = last > space ? request.substr(space + 1, last - space - 1) : "";
  if (call.target.empty()) return fail(ErrorCode::invalid, "the request line has no path");
  return {};
}

}  // namespace metergate
