// Reads the wait that a peer asks for; see outbound.h.
#include <algorithm>
#include <array>
#include <charconv>

#include "http/outbound/outbound.h"
#include "http/words/characters.h"

namespace metergate::http {
namespace {

constexpr std::int64_t kSecondsMax = 1'000'000'000;
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::optional<int> number_at(std::string_view text, std::size_t at, std::size_t digits) {
  int value = 0;
  const char* start = text.data() + at;
  const auto [end, code] = std::from_chars(start, start + digits, value);
  if (!is_digit(*start) || code != std::errc{} || end != start + digits) return std::nullopt;
  return value;
}

// Reads "Thu, 05 Mar 2026 10:30:00 GMT", the only form still in use.
std::optional<Timestamp> parse_http_date(std::string_view text) {
  constexpr std::size_t kLength = 29;
  if (text.size() != kLength || !text.ends_with(" GMT") || text[19] != ':' || text[22] != ':') {
    return std::nullopt;
  }
  const auto day = number_at(text, 5, 2);
  const auto year = number_at(text, 12, 4);
  const auto hour = number_at(text, 17, 2);
  const auto minute = number_at(text, 20, 2);
  const auto second = number_at(text, 23, 2);
  const auto* month = std::ranges::find(kMonths, text.substr(8, 3));
  if (!day || !year || !hour || !minute || !second || month == kMonths.end()) return std::nullopt;
  const std::chrono::year_month_day date{
      std::chrono::year{*year},
      std::chrono::month{static_cast<unsigned>(month - kMonths.begin()) + 1},
      std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return Timestamp{std::chrono::sys_days{date} + std::chrono::hours{*hour} +
                   std::chrono::minutes{*minute} + std::chrono::seconds{*second}};
}

}  // namespace

std::optional<Milliseconds> parse_retry_after(std::string_view text, Timestamp now) {
  if (!text.empty() && std::ranges::all_of(text, is_digit)) {
    // A number beyond 64 bits is a very long wait as well.
    std::int64_t seconds = kSecondsMax;
    std::from_chars(text.data(), text.data() + text.size(), seconds);
    return std::chrono::seconds{std::min(seconds, kSecondsMax)};
  }
  const auto date = parse_http_date(text);
  if (!date) return std::nullopt;
  return std::max(*date - now, Milliseconds{0});
}

}  // namespace metergate::http
