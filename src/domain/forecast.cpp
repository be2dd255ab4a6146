#include "domain/forecast.h"

#include <algorithm>
#include <array>
#include <vector>

#include "domain/wide.h"

namespace metergate {
namespace {

using std::chrono::days;

// Means are kept to a millionth of a unit (or of a billionth, of the provider's own meters) and
// rounded down; only the shown result is rounded.
constexpr Wide kFine = 1'000'000;
constexpr std::size_t kFullDaysMin = 3;
constexpr std::size_t kPeriodPartMin = 10;  // a tenth of the period
// With this bound, no sum over a period's days times kFine overflows 128 bits.
constexpr Wide kFiguresMax = power_of_ten(29);

// The input of both kinds of forecasts, in whole numbers.
struct Course {
  Period period;
  Day today;
  Wide used = 0;
  std::vector<Wide> daily;
  std::optional<Wide> limit;
};

struct Outlook {
  std::optional<Wide> expected;
  std::optional<Day> passes_on;
};

Wide bounded(Wide figure) { return std::clamp(figure, -kFiguresMax, kFiguresMax); }

Course course_of(const ForecastInput& input) {
  Course course{input.period, input.today, input.used, {}, std::nullopt};
  course.daily.assign(input.daily.begin(), input.daily.end());
  if (input.limit) course.limit = *input.limit;
  return course;
}

Course course_of(const OwnForecastInput& input) {
  Course course{input.period, input.today, bounded(input.used.billionths), {}, std::nullopt};
  for (const Quantity& day : input.daily) course.daily.push_back(bounded(day.billionths));
  if (input.limit) course.limit = bounded(input.limit->billionths);
  return course;
}

bool is_ready(const Course& course) {
  const Day first = course.period.first_day();
  const Day last = course.period.last_day();
  if (course.today < first || course.today > last) return false;
  const auto length = static_cast<std::size_t>((last - first).count()) + 1;
  return course.daily.size() >= kFullDaysMin && course.daily.size() * kPeriodPartMin >= length;
}

// The day on which a limit was passed; `levels` holds the usage at the end of each day.
std::optional<Day> passed_on(const Course& course, std::span<const Wide> levels) {
  if (!course.limit || course.used <= *course.limit) return std::nullopt;
  const auto over =
      std::ranges::find_if(levels, [&](const Wide& level) { return level > *course.limit; });
  const Day day = course.period.first_day() + days{over - levels.begin()};
  return std::min(day, course.period.last_day());
}

// The expected increase on each weekday, in fine units, Sunday first.
std::array<Wide, 7> weekday_means(const Course& course) {
  std::array<Wide, 7> sums{};
  std::array<Wide, 7> counts{};
  Wide total = 0;
  std::chrono::weekday weekday{course.period.first_day()};
  for (const Wide units : course.daily) {
    sums[weekday.c_encoding()] += units;
    ++counts[weekday.c_encoding()];
    total += units;
    ++weekday;
  }
  std::array<Wide, 7> means{};
  for (std::size_t i = 0; i < means.size(); ++i) {
    means[i] = counts[i] > 0 ? sums[i] * kFine / counts[i]
                             : total * kFine / static_cast<Wide>(course.daily.size());
  }
  return means;
}

// Continues from the level at the end of yesterday, in fine units, by the change of each day from
// today on.
template <class Change>
void follow(const Course& course, Wide level, const Change& change, Outlook& outlook) {
  for (Day day = course.today; day <= course.period.last_day(); day += days{1}) {
    level = std::max<Wide>(level + change(day), 0);
    if (course.limit && !outlook.passes_on && level > *course.limit * kFine)
      outlook.passes_on = day;
  }
  outlook.expected = divide_rounded(level, kFine);
}

Outlook outlook_of_sum(const Course& course) {
  Outlook outlook;
  std::vector<Wide> levels;
  Wide before_today = 0;
  for (const Wide units : course.daily) levels.push_back(before_today += units);
  outlook.passes_on = passed_on(course, levels);
  if (!is_ready(course)) return outlook;
  const std::array<Wide, 7> means = weekday_means(course);
  const Wide so_far = (course.used - before_today) * kFine;
  const auto change = [&](Day day) {
    const Wide usual = means[std::chrono::weekday{day}.c_encoding()];
    // Today counts with its increase so far or that usual for its weekday, whichever is more.
    return day == course.today ? std::max(so_far, usual) : usual;
  };
  follow(course, before_today * kFine, change, outlook);
  return outlook;
}

Outlook outlook_of_level(const Course& course) {
  Outlook outlook;
  outlook.passes_on = passed_on(course, course.daily);
  if (!is_ready(course)) return outlook;
  const Wide yesterday = course.daily.back();
  const Wide usual =
      (yesterday - course.daily.front()) * kFine / static_cast<Wide>(course.daily.size() - 1);
  const Wide so_far = (course.used - yesterday) * kFine;
  const auto change = [&](Day day) {
    if (day != course.today) return usual;
    // Today changes at least by the usual amount, in the usual direction.
    return usual < 0 ? std::min(so_far, usual) : std::max(so_far, usual);
  };
  follow(course, yesterday * kFine, change, outlook);
  return outlook;
}

Outlook outlook_of_steady(const Course& course) {
  Outlook outlook;
  outlook.passes_on = passed_on(course, course.daily);
  if (is_ready(course)) outlook.expected = course.used;
  return outlook;
}

std::optional<Forecast> forecast_of(const Outlook& outlook) {
  if (!outlook.expected && !outlook.passes_on) return std::nullopt;
  Forecast forecast;
  if (outlook.expected) forecast.expected = saturate(*outlook.expected);
  forecast.passes_on = outlook.passes_on;
  return forecast;
}

std::optional<OwnForecast> own_forecast_of(const Outlook& outlook) {
  if (!outlook.expected && !outlook.passes_on) return std::nullopt;
  OwnForecast forecast;
  if (outlook.expected) forecast.expected = Quantity{*outlook.expected};
  forecast.passes_on = outlook.passes_on;
  return forecast;
}

}  // namespace

std::optional<Forecast> forecast_sum(const ForecastInput& input) {
  return forecast_of(outlook_of_sum(course_of(input)));
}

std::optional<Forecast> forecast_level(const ForecastInput& input) {
  return forecast_of(outlook_of_level(course_of(input)));
}

std::optional<OwnForecast> forecast_sum(const OwnForecastInput& input) {
  return own_forecast_of(outlook_of_sum(course_of(input)));
}

std::optional<OwnForecast> forecast_level(const OwnForecastInput& input) {
  return own_forecast_of(outlook_of_level(course_of(input)));
}

std::optional<OwnForecast> forecast_steady(const OwnForecastInput& input) {
  return own_forecast_of(outlook_of_steady(course_of(input)));
}

}  // namespace metergate
