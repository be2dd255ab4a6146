// Periods: calendar months YYYY-MM cut in the billing time zone; and the days, weeks and months
// that analytics group by. All spans are half-open and tile time without gap or overlap in every
// zone. Values; no threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace metergate {

class Period {
 public:
  Period() = default;
  explicit Period(std::chrono::year_month month) : month_(month) {}
  // "2026-03" exactly, years 1970 to 9999; ErrorCode::invalid otherwise.
  static Result<Period> parse(std::string_view text);
  static Period of(Timestamp at, const TimeZone& zone);
  static Period of(Day day);
  // The number of months since year 0, for keys and loops. from_ordinal(p.ordinal()) == p.
  static Period from_ordinal(std::int32_t ordinal);
  std::int32_t ordinal() const;

  Period next() const { return Period{month_ + std::chrono::months{1}}; }
  Period previous() const { return Period{month_ - std::chrono::months{1}}; }
  Day first_day() const;
  Day last_day() const;
  Window window(const TimeZone& zone) const;
  std::string text() const;
  friend auto operator<=>(const Period&, const Period&) = default;

 private:
  std::chrono::year_month month_{std::chrono::year{1970}, std::chrono::January};
};

// True if events for `period` are refused at `now`, because the grace time after its end is over.
bool is_closed_by_time(Period period, Timestamp now, const TimeZone& zone,
                       std::chrono::hours grace);

enum class GroupBy : std::uint8_t { day, week, month };
Result<GroupBy> parse_group_by(std::string_view text);
std::string_view to_text(GroupBy group_by);
// The first day of the day, week (from Monday, ISO 8601) or month that contains `day`.
Day group_start(Day day, GroupBy group_by);
// The first day of the group after the one that starts at `start`.
Day next_group(Day start, GroupBy group_by);

}  // namespace metergate
