#include "base/time.h"

#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <exception>
#include <optional>

#include "base/check.h"

namespace metergate {
namespace {

const date::time_zone& zone_of(const void* zone) {
  return *static_cast<const date::time_zone*>(zone);
}

// Reads exactly `width` digits at `at`, and no sign, which from_chars alone would accept.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t width) {
  if (at + width > text.size()) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(at, width)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

bool has(std::string_view text, std::size_t at, char wanted) {
  return at < text.size() && text[at] == wanted;
}

std::optional<Milliseconds> parse_clock_time(std::string_view text) {
  const auto hour = digits(text, 0, 2);
  const auto minute = digits(text, 3, 2);
  const auto second = digits(text, 6, 2);
  if (!hour || !minute || !second || !has(text, 2, ':') || !has(text, 5, ':')) return std::nullopt;
  if (*hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  return std::chrono::hours{*hour} + std::chrono::minutes{*minute} + std::chrono::seconds{*second};
}

// The offset "Z", "z", "+hh:mm" or "-hh:mm" at the end of an RFC 3339 text.
std::optional<std::chrono::minutes> parse_offset(std::string_view text) {
  if (text == "Z" || text == "z") return std::chrono::minutes{0};
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  const auto hour = digits(text, 1, 2);
  const auto minute = digits(text, 4, 2);
  if (!hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
  const auto offset = std::chrono::hours{*hour} + std::chrono::minutes{*minute};
  return text[0] == '-' ? -offset : offset;
}

}  // namespace

Timestamp SystemClock::now() const {
  return std::chrono::floor<Milliseconds>(std::chrono::system_clock::now());
}

Microseconds SystemClock::steady() const {
  return std::chrono::duration_cast<Microseconds>(
      std::chrono::steady_clock::now().time_since_epoch());
}

namespace {

// The last result for a zone, kept by each thread: a look-up in the library costs almost a
// microsecond.
struct KnownStart {
  const void* zone = nullptr;
  Day day{};
  Timestamp at{};
};
struct KnownOffset {
  const void* zone = nullptr;
  date::sys_info info{};
};

Timestamp computed_start(const void* zone, Day day) {
  const date::local_seconds midnight{std::chrono::seconds{day.time_since_epoch()}};
  const date::local_info info = zone_of(zone).get_info(midnight);
  if (info.result == date::local_info::nonexistent) return info.first.end;
  return Timestamp{midnight.time_since_epoch() - info.first.offset};
}

}  // namespace

Result<TimeZone> TimeZone::find(std::string_view name) {
  try {
    const date::time_zone* const zone = date::locate_zone(std::string{name});
    zone->get_info(date::sys_seconds{});  // loads the zone's file, so that a bad one is found here
    return TimeZone{std::string{name}, zone};
  } catch (const std::exception&) {
    return fail(
        ErrorCode::invalid,
        fmt::format("'{:.64}' is no time zone; use an IANA name such as UTC or Asia/Bangkok",
                    name));
  }
}

TimeZone TimeZone::utc() {
  auto zone = find("UTC");
  CHECK(zone.has_value());
  return *zone;
}

std::vector<std::string> TimeZone::all_names() {
  std::vector<std::string> names;
  for (const auto& zone : date::get_tzdb().zones) names.push_back(zone.name());
  return names;
}

Day TimeZone::day_of(Timestamp at) const {
  const Milliseconds local = at.time_since_epoch() + offset_at(at);
  const Day day{std::chrono::floor<std::chrono::days>(local)};
  // When clocks went back across midnight, the wall clock shows yesterday for a second time.
  if (at < start_of(day)) return day - std::chrono::days{1};
  if (at >= start_of(day + std::chrono::days{1})) return day + std::chrono::days{1};
  return day;
}

Timestamp TimeZone::start_of(Day day) const {
  thread_local std::array<KnownStart, 256> known;
  KnownStart& start =
      known[static_cast<std::size_t>(day.time_since_epoch().count()) % known.size()];
  if (start.zone != zone_ || start.day != day) start = {zone_, day, computed_start(zone_, day)};
  return start.at;
}

std::chrono::seconds TimeZone::offset_at(Timestamp at) const {
  thread_local KnownOffset known;
  const date::sys_seconds second = std::chrono::floor<std::chrono::seconds>(at);
  if (known.zone != zone_ || second < known.info.begin || second >= known.info.end)
    known = {zone_, zone_of(zone_).get_info(second)};
  return known.info.offset;
}

namespace {

// Writes digits that end before `end`. Answers have many times, so speed matters here.
void put(std::string& text, std::size_t end, std::int64_t number) {
  for (; number > 0; number /= 10) text[--end] = static_cast<char>('0' + number % 10);
}

void put_day(std::string& text, Day day) {
  const std::chrono::year_month_day date{day};
  put(text, 4,
      std::clamp(static_cast<int>(date.year()), 0, 9999));  // years that the text format has
  put(text, 7, static_cast<unsigned>(date.month()));
  put(text, 10, static_cast<unsigned>(date.day()));
}

template <class Clock>
void put_clock(std::string& text, const Clock& clock) {
  put(text, 13, clock.hours().count());
  put(text, 16, clock.minutes().count());
  put(text, 19, clock.seconds().count());
}

}  // namespace

std::string to_text(Day day) {
  std::string text{"0000-00-00"};
  put_day(text, day);
  return text;
}

std::string to_text(Timestamp at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::hh_mm_ss clock{at - day};
  std::string text{"0000-00-00T00:00:00.000Z"};
  put_day(text, Day{day.time_since_epoch()});
  put_clock(text, clock);
  put(text, 23, clock.subseconds().count());
  return text;
}

std::string to_text(Timestamp at, const TimeZone& zone) {
  // Some zones had offsets with odd seconds until 1972; the text has minutes only.
  const auto offset = std::chrono::floor<std::chrono::minutes>(zone.offset_at(at));
  const auto local = std::chrono::floor<std::chrono::seconds>(at) + offset;
  const auto day = std::chrono::floor<std::chrono::days>(local);
  const std::chrono::hh_mm_ss clock{local - day};
  const auto minutes = std::chrono::abs(offset).count();
  std::string text{"0000-00-00T00:00:00+00:00"};
  put_day(text, Day{day.time_since_epoch()});
  put_clock(text, clock);
  if (offset.count() < 0) text[19] = '-';
  put(text, 22, minutes / 60);
  put(text, 25, minutes % 60);
  return text;
}

Result<Day> parse_day(std::string_view text) {
  const auto year = digits(text, 0, 4);
  const auto month = digits(text, 5, 2);
  const auto day = digits(text, 8, 2);
  const bool shaped =
      text.size() == 10 && has(text, 4, '-') && has(text, 7, '-') && year && month && day;
  if (shaped && *year >= 1970) {
    const std::chrono::year_month_day date{std::chrono::year{*year},
                                           std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (date.ok()) return Day{date};
  }
  return fail(ErrorCode::invalid,
              fmt::format("'{:.40}' is not a date; use YYYY-MM-DD, such as 2026-03-05", text));
}

Result<Timestamp> parse_timestamp(std::string_view text) {
  const auto refuse = [&] {
    return fail(
        ErrorCode::invalid,
        fmt::format("'{:.40}' is not an RFC 3339 time; use for example 2026-03-05T10:30:00Z",
                    text));
  };
  if (text.size() < 20 || text.size() > 40 || (text[10] != 'T' && text[10] != 't')) return refuse();
  const auto day = parse_day(text.substr(0, 10));
  const auto clock_time = parse_clock_time(text.substr(11, 8));
  if (!day || !clock_time) return refuse();
  std::size_t at = 19;
  int millisecond = 0;
  if (text[at] == '.') {
    const std::size_t first = ++at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    const std::size_t count = at - first;
    if (count == 0 || count > 9) return refuse();
    for (std::size_t i = 0; i < 3; ++i)
      millisecond = millisecond * 10 + (i < count ? text[first + i] - '0' : 0);
  }
  const auto offset = parse_offset(text.substr(at));
  if (!offset) return refuse();
  const Timestamp parsed{day->time_since_epoch() + *clock_time + Milliseconds{millisecond} -
                         *offset};
  if (parsed < kTimestampMin || parsed > kTimestampMax) return refuse();
  return parsed;
}

}  // namespace metergate
