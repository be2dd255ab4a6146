#include "domain/period.h"

#include <array>
#include <optional>

namespace metergate {
namespace {

constexpr std::int32_t kMonthsPerYear = 12;
constexpr int kYearMin = 1970;

// Reads exactly `width` digits at `at`, without a sign.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t width) {
  int value = 0;
  for (const char c : text.substr(at, width)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

struct GroupByRow {
  GroupBy group_by;
  std::string_view name;
};

constexpr std::array<GroupByRow, 3> kGroupings = {{
    {GroupBy::day, "day"},
    {GroupBy::week, "week"},
    {GroupBy::month, "month"},
}};

}  // namespace

Result<Period> Period::parse(std::string_view text) {
  if (text.size() == 7 && text[4] == '-') {
    const auto year = digits(text, 0, 4);
    const auto month = digits(text, 5, 2);
    if (year && month && *year >= kYearMin && *month >= 1 && *month <= kMonthsPerYear)
      return from_ordinal(*year * kMonthsPerYear + *month - 1);
  }
  return fail(ErrorCode::invalid, "'" + std::string{text} +
                                      "' is not a period; use YYYY-MM, such as 2026-03, from "
                                      "1970-01 to 9999-12");
}

Period Period::of(Timestamp at, const TimeZone& zone) { return of(zone.day_of(at)); }

Period Period::of(Day day) {
  const std::chrono::year_month_day date{day};
  return Period{date.year() / date.month()};
}

Period Period::from_ordinal(std::int32_t ordinal) {
  const std::chrono::year_month year_zero = std::chrono::year{0} / std::chrono::January;
  return Period{year_zero + std::chrono::months{ordinal}};
}

std::int32_t Period::ordinal() const {
  return static_cast<int>(month_.year()) * kMonthsPerYear +
         static_cast<std::int32_t>(static_cast<unsigned>(month_.month())) - 1;
}

Day Period::first_day() const { return Day{month_ / 1}; }

Day Period::last_day() const { return Day{month_ / std::chrono::last}; }

Window Period::window(const TimeZone& zone) const {
  return {zone.start_of(first_day()), zone.start_of(next().first_day())};
}

std::string Period::text() const { return to_text(first_day()).substr(0, 7); }

bool is_closed_by_time(Period period, Timestamp now, const TimeZone& zone,
                       std::chrono::hours grace) {
  return now >= period.window(zone).end + grace;
}

Result<GroupBy> parse_group_by(std::string_view text) {
  for (const GroupByRow& row : kGroupings)
    if (row.name == text) return row.group_by;
  return fail(ErrorCode::invalid,
              "'" + std::string{text} + "' is no grouping; use day, week or month");
}

std::string_view to_text(GroupBy group_by) {
  return kGroupings[static_cast<std::size_t>(group_by)].name;
}

Day group_start(Day day, GroupBy group_by) {
  switch (group_by) {
    case GroupBy::day:
      return day;
    case GroupBy::week:
      return day - (std::chrono::weekday{day} - std::chrono::Monday);
    case GroupBy::month:
      return Period::of(day).first_day();
  }
  return day;
}

Day next_group(Day start, GroupBy group_by) {
  switch (group_by) {
    case GroupBy::day:
      return start + std::chrono::days{1};
    case GroupBy::week:
      return start + std::chrono::weeks{1};
    case GroupBy::month:
      return Period::of(start).next().first_day();
  }
  return start;
}

}  // namespace metergate
