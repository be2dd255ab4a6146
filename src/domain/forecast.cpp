#include "domain/forecast.h"

#include <algorithm>
#include <array>

#include "domain/wide.h"

namespace metergate {
namespace {

// Means are kept to a millionth of a unit and rounded down; only the shown result is rounded.
constexpr Wide kFine = 1'000'000;
constexpr std::size_t kFullDaysMin = 3;
constexpr std::size_t kPeriodPartMin = 10;  // a tenth of the period

bool is_ready(const ForecastInput& input) {
  const Day first = input.period.first_day();
  const Day last = input.period.last_day();
  if (input.today < first || input.today > last) return false;
  const auto days = static_cast<std::size_t>((last - first).count()) + 1;
  return input.daily.size() >= kFullDaysMin && input.daily.size() * kPeriodPartMin >= days;
}

// What each weekday is expected to bring, in millionths of a unit, Sunday first.
std::array<Wide, 7> weekday_means(const ForecastInput& input) {
  std::array<Wide, 7> sums{};
  std::array<Wide, 7> counts{};
  Wide total = 0;
  std::chrono::weekday weekday{input.period.first_day()};
  for (const std::int64_t units : input.daily) {
    sums[weekday.c_encoding()] += units;
    ++counts[weekday.c_encoding()];
    total += units;
    ++weekday;
  }
  std::array<Wide, 7> means{};
  for (std::size_t i = 0; i < means.size(); ++i) {
    means[i] = counts[i] > 0 ? sums[i] * kFine / counts[i]
                             : total * kFine / static_cast<Wide>(input.daily.size());
  }
  return means;
}

// Follows a level from day to day until the period's end.
class Course {
 public:
  Course(const ForecastInput& input, Wide level) : limit_(input.limit), level_(level) {
    if (limit_ && input.used > *limit_) forecast_.passes_on = input.today;
  }

  // The level at the end of `day`.
  void reach(Day day, Wide level) {
    level_ = std::max<Wide>(level, 0);
    if (limit_ && !forecast_.passes_on && level_ > Wide{*limit_} * kFine) forecast_.passes_on = day;
  }
  Wide level() const { return level_; }

  Forecast end() && {
    forecast_.expected = saturate(divide_rounded(level_, kFine));
    return forecast_;
  }

 private:
  std::optional<std::int64_t> limit_;
  Wide level_;
  Forecast forecast_;
};

}  // namespace

std::optional<Forecast> forecast_sum(const ForecastInput& input) {
  if (!is_ready(input)) return std::nullopt;
  const std::array<Wide, 7> means = weekday_means(input);
  Wide before_today = 0;
  for (const std::int64_t units : input.daily) before_today += units;
  Course course{input, before_today * kFine};
  // Today brings what it has brought already, or what its weekday usually brings, if that is more.
  const Wide so_far = (Wide{input.used} - before_today) * kFine;
  const Wide usual = means[std::chrono::weekday{input.today}.c_encoding()];
  course.reach(input.today, course.level() + std::max(so_far, usual));
  const Day last = input.period.last_day();
  for (Day day = input.today + std::chrono::days{1}; day <= last; day += std::chrono::days{1})
    course.reach(day, course.level() + means[std::chrono::weekday{day}.c_encoding()]);
  return std::move(course).end();
}

std::optional<Forecast> forecast_level(const ForecastInput& input) {
  if (!is_ready(input)) return std::nullopt;
  const Wide span = Wide{input.daily.back()} - input.daily.front();
  const Wide change = span * kFine / static_cast<Wide>(input.daily.size() - 1);
  const Wide yesterday = Wide{input.daily.back()} * kFine;
  // Today goes at least as far as an ordinary day in the direction in which the level moves.
  const Wide so_far = Wide{input.used} * kFine - yesterday;
  const Wide today = change < 0 ? std::min(so_far, change) : std::max(so_far, change);
  Course course{input, yesterday};
  course.reach(input.today, yesterday + today);
  const Day last = input.period.last_day();
  for (Day day = input.today + std::chrono::days{1}; day <= last; day += std::chrono::days{1})
    course.reach(day, course.level() + change);
  return std::move(course).end();
}

}  // namespace metergate
