// Forecast: the usage expected at a period's end, and the day on which a limit will be passed.
//
// Run rate, adjusted for weekdays: each weekday's mean of the period's full days (or the mean of
// all days where a weekday has not been seen) is added for the days to come. Meters that are levels
// (stores, devices, storage) go on by their mean daily change. Integer arithmetic. No I/O, no
// clock.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/time.h"
#include "domain/period.h"

namespace metergate {

struct Forecast {
  std::int64_t expected = 0;     // units at the period's end
  std::optional<Day> passes_on;  // the first day at whose end usage lies above the limit; today
                                 // where it does already
};

struct ForecastInput {
  Period period;
  Day today;              // in the billing time zone
  std::int64_t used = 0;  // units up to now
  std::span<const std::int64_t>
      daily;  // units of each full day, from the period's first to yesterday
  std::optional<std::int64_t> limit;  // nothing: unlimited
};

// Nothing before 3 full days and 10 % of the period are over, and after the period's end.
std::optional<Forecast> forecast_sum(const ForecastInput& input);
// `daily` holds each full day's closing level.
std::optional<Forecast> forecast_level(const ForecastInput& input);

}  // namespace metergate
