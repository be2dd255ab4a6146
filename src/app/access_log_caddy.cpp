// Caddy's access log: a JSON object a line.
#include <fmt/format.h>

#include <algorithm>

#include "app/access_log_readers.h"
#include "base/characters.h"
#include "base/json.h"

namespace metergate {
namespace {

constexpr std::int64_t kMillisecondsFrom = 100'000'000'000;  // as seconds: the year 5138

std::optional<Timestamp> caddy_time(const Json* ts) {
  if (ts == nullptr) return std::nullopt;
  if (ts->is_string()) {
    const auto at = parse_timestamp(ts->as_string());
    return at ? std::optional{*at} : std::nullopt;
  }
  const auto number = ts->number();
  if (!number) return std::nullopt;
  const Decimal millis = rescale(*number, 3);
  const bool is_millis = millis.unscaled / 1000 >= kMillisecondsFrom;
  return Timestamp{Milliseconds{is_millis ? millis.unscaled / 1000 : millis.unscaled}};
}

// Seconds; or a text such as "1.25ms", if the log is set so.
Microseconds caddy_duration(const Json* duration) {
  if (duration == nullptr) return {};
  if (const auto number = duration->number())
    return Microseconds{std::max<std::int64_t>(rescale(*number, 6).unscaled, 0)};
  if (!duration->is_string()) return {};
  const std::string& text = duration->as_string();
  const std::size_t unit = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto value = log_seconds(text.substr(0, unit)).value_or(Microseconds{0});
  if (text.substr(unit) == "ms") return value / 1000;
  if (text.substr(unit) == "s") return value;
  return {};
}

std::int64_t size_at(const Json& line, std::string_view name) {
  return std::max<std::int64_t>(line.integer_at(name).value_or(0), 0);
}

}  // namespace

Result<LogCall> read_caddy_line(std::string_view text) {
  const auto line = parse_json(text);
  const Json* request = line ? line->find("request") : nullptr;
  if (request == nullptr || !request->is_object())
    return fail(ErrorCode::invalid, "it is no JSON object with a member \"request\"");
  LogCall call;
  const auto at = caddy_time(line->find("ts"));
  if (!at) return fail(ErrorCode::invalid, "its member \"ts\" is no time");
  call.at = *at;
  call.method = request->string_at("method").value_or("");
  call.target = request->string_at("uri").value_or("");
  const auto status = line->integer_at("status");
  if (call.method.empty() || call.target.empty() || !status)
    return fail(ErrorCode::invalid, "it lacks request.method, request.uri or status");
  call.status = *status;
  call.ip = request->string_at("client_ip").value_or(request->string_at("remote_ip").value_or(""));
  call.request_bytes = size_at(*line, "bytes_read");
  call.response_bytes = size_at(*line, "size");
  call.duration = caddy_duration(line->find("duration"));
  const auto add = [&call](std::string name, std::string value) {
    if (!value.empty()) call.fields.emplace_back(std::move(name), std::move(value));
  };
  std::string host = request->string_at("host").value_or("");
  const std::size_t colon = host.rfind(':');
  if (colon != host.npos && log_number(host.substr(colon + 1))) host.resize(colon);
  add("host", std::move(host));
  add("user", line->string_at("user_id").value_or(""));
  const Json* headers = request->find("headers");
  if (headers == nullptr || !headers->is_object()) return call;
  for (const auto& [name, values] : headers->as_object()) {
    const bool has_one =
        values.is_array() && !values.as_array().empty() && values.as_array().front().is_string();
    // Not under the names of what the server itself says.
    const bool is_own = equals_ignoring_case(name, "user") || equals_ignoring_case(name, "host");
    if (has_one && !is_own) add(to_lower(name), values.as_array().front().as_string());
  }
  return call;
}

}  // namespace metergate
