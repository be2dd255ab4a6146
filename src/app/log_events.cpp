#include "app/log_events.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "domain/usage_event.h"

namespace metergate {
namespace {

constexpr std::size_t kPathBytesMax = 2000;  // what an event may hold, less a margin

std::string milliseconds_text(Microseconds duration) {
  return fmt::format("{}.{:03}", duration.count() / 1000, duration.count() % 1000);
}

// A log does not say who answered. These answers are those of a request without a valid token, or
// in most cases a proxy's own, which are billed to nobody; a preflight carries no token.
Result<> check_billed(const LogCall& call) {
  constexpr std::array kUnbilled = {401, 429, 502, 503, 504};
  if (std::ranges::find(kUnbilled, call.status) != kUnbilled.end())
    return fail(
        ErrorCode::not_found,
        fmt::format("it was answered {}, and such a call is billed to nobody", call.status));
  if (call.method == "OPTIONS")
    return fail(ErrorCode::not_found,
                "it is OPTIONS, a browser's question before a call, which is billed to nobody");
  return {};
}

}  // namespace

std::uint32_t LogEvents::repeats_before(std::uint64_t hash) {
  const auto [at, is_new] = seen_.try_emplace(hash, 0);
  if (!is_new) return ++at->second;
  order_.push_back(hash);
  if (order_.size() > kRememberedMax) {
    seen_.erase(order_.front());
    order_.pop_front();
  }
  return 0;
}

Result<Json> LogEvents::event(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  const std::string hash = sha256(line);
  std::uint64_t key = 0;
  std::memcpy(&key, hash.data(), sizeof key);
  // Counted for each line, read or not, so that it does not depend on the options.
  const std::uint32_t repeats = repeats_before(key);
  const LogCall call = TRY(read_log_line(parts_.format, line, parts_.zone));
  TRY(check_billed(call));
  const LogTenants::Found found = TRY(parts_.tenants.find(call));
  constexpr std::size_t kHashBytesKept = 18;
  const std::string id = fmt::format("{}-{}", base64url(hash.substr(0, kHashBytesKept)), repeats);
  Json data = Json::object({{"method", call.method},
                            {"endpoint", endpoint_template(call.method, found.path)},
                            {"path", call.target.substr(0, call.target.find('?'))},
                            {"status", call.status},
                            {"request_bytes", call.request_bytes},
                            {"response_bytes", call.response_bytes}});
  if (data.string_at("path")->size() > kPathBytesMax)
    data.set("path", data.string_at("path")->substr(0, kPathBytesMax));
  data.set("duration_ms", *parse_decimal(milliseconds_text(call.duration)));
  if (!call.ip.empty() && call.ip != "-") data.set("ip", call.ip);
  return Json::object({{"id", id},
                       {"source", parts_.source},
                       {"type", "api.call"},
                       {"subject", found.tenant},
                       {"time", to_text(call.at)},
                       {"data", std::move(data)}});
}

}  // namespace metergate
