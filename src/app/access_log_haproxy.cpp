// HAProxy's HTTP log (option httplog), with or without what syslog puts before it.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "app/access_log_readers.h"

namespace metergate {
namespace {

std::vector<std::string_view> split_at(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = std::min(text.find(separator), text.size());
    parts.push_back(text.substr(0, end));
    if (end == text.size()) return parts;
    text.remove_prefix(end + 1);
  }
}

struct HaproxyParts {
  std::string_view client;  // address:port
  std::string_view time;
  std::vector<std::string_view> words;  // up to the captured headers or the request
  std::string_view rest;                // from there on
};

std::optional<HaproxyParts> parts_of(std::string_view line) {
  for (std::size_t open = line.find(" ["); open != line.npos; open = line.find(" [", open + 1)) {
    const std::size_t close = line.find("] ", open);
    if (close == line.npos) return std::nullopt;
    HaproxyParts parts;
    parts.time = line.substr(open + 2, close - open - 2);
    const std::size_t before = line.rfind(' ', open == 0 ? 0 : open - 1);
    const std::size_t begin = before == line.npos ? 0 : before + 1;
    parts.client = line.substr(begin, open - begin);
    constexpr std::size_t kTimeLength = 24;  // "06/Feb/2009:12:14:14.655"
    if (parts.time.size() != kTimeLength || parts.client.rfind(':') == parts.client.npos) continue;
    std::string_view rest = line.substr(close + 2);
    while (!rest.empty() && rest[0] != '{' && rest[0] != '"') {
      const std::size_t end = std::min(rest.find(' '), rest.size());
      parts.words.push_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    parts.rest = rest;
    return parts;
  }
  return std::nullopt;
}

// {a|b} of the request, then of the response; the numbers go on.
std::string_view take_captures(std::string_view rest, LogCall& call) {
  std::size_t number = 0;
  while (rest.starts_with('{')) {
    const std::size_t end = rest.find('}');
    if (end == rest.npos) return {};
    for (const std::string_view value : split_at(rest.substr(1, end - 1), '|')) {
      ++number;
      if (!value.empty())
        call.fields.emplace_back(fmt::format("capture{}", number), std::string{value});
    }
    rest.remove_prefix(end + 1);
    while (rest.starts_with(' ')) rest.remove_prefix(1);
  }
  return rest;
}

}  // namespace

Result<LogCall> read_haproxy_line(std::string_view line, const TimeZone& zone) {
  const auto parts = parts_of(line);
  // frontend backend/server timers status bytes cookie cookie state connections queue
  if (!parts || parts->words.size() < 5)
    return fail(ErrorCode::invalid,
                "it is not: address:port [time] frontend backend/server timers status bytes …");
  LogCall call;
  const auto at = log_time(parts->time, &zone);
  if (!at) return fail(ErrorCode::invalid, fmt::format("[{:.40}] is no time", parts->time));
  call.at = *at;
  call.ip = parts->client.substr(0, parts->client.rfind(':'));
  call.fields.emplace_back("frontend", std::string{parts->words[0]});
  call.fields.emplace_back("backend",
                           std::string{parts->words[1].substr(0, parts->words[1].find('/'))});
  const auto timers = split_at(parts->words[2], '/');
  const auto total = log_number(timers.back());
  const auto status = log_number(parts->words[3]);
  const auto bytes = log_number(parts->words[4]);
  if (timers.size() < 4 || !total || !status || !bytes)
    return fail(ErrorCode::invalid, "timers, status and bytes do not follow the server");
  if (*status < 0) return fail(ErrorCode::invalid, "the caller went away before it was answered");
  call.status = *status;
  call.response_bytes = std::max<std::int64_t>(*bytes, 0);
  call.duration = Milliseconds{std::clamp<std::int64_t>(*total, 0, 1'000'000'000'000)};
  std::string_view request = take_captures(parts->rest, call);
  if (!request.starts_with('"')) return fail(ErrorCode::invalid, "it has no request");
  request.remove_prefix(1);
  // HAProxy cuts a line off at its greatest length.
  const std::size_t end = request.rfind('"');
  if (end == request.npos) return fail(ErrorCode::invalid, "its request was cut off");
  TRY(take_request_line(request.substr(0, end), call));
  return call;
}

}  // namespace metergate
