// Forecast: the usage expected at a period's end, and the day on which a limit is passed.
//
// The run rate, adjusted for weekdays: for each day to come, the mean of the period's full days of
// that weekday is added (or the mean of all days if that weekday has not occurred yet). Levels
// (stores, devices, storage) continue by their mean daily change. For a limit that has been passed,
// the day is the first full one at whose end usage was above it; it stays the same from then on,
// even after the period. Integer arithmetic. No I/O, no clock.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/time.h"
#include "domain/period.h"
#include "domain/quantity.h"

namespace metergate {

struct Forecast {
  std::optional<std::int64_t> expected;  // units at the period's end; nothing: too early to say
  std::optional<Day> passes_on;          // the first day at whose end usage is above the limit
};

struct ForecastInput {
  Period period;
  Day today;              // in the billing time zone; the day after the period once it is over
  std::int64_t used = 0;  // units up to now
  std::span<const std::int64_t>
      daily;  // units of each full day, from the period's first to yesterday
  std::optional<std::int64_t> limit;  // nothing: unlimited
};

// `expected` is empty until 3 full days and 10 % of the period are over, and after the period's
// end. Returns nothing if `passes_on` is empty as well.
std::optional<Forecast> forecast_sum(const ForecastInput& input);
// `daily` holds each full day's closing level.
std::optional<Forecast> forecast_level(const ForecastInput& input);

// The forecast of a meter of the provider's own.
struct OwnForecast {
  std::optional<Quantity> expected;
  std::optional<Day> passes_on;
};

struct OwnForecastInput {
  Period period;
  Day today;
  Quantity used;
  std::span<const Quantity> daily;
  std::optional<Quantity> limit;
};

std::optional<OwnForecast> forecast_sum(const OwnForecastInput& input);
std::optional<OwnForecast> forecast_level(const OwnForecastInput& input);
// The forecast of an average, a minimum or a percentile: the figure so far, the best estimate of
// what is to come. `daily` holds the figure at the end of each full day.
std::optional<OwnForecast> forecast_steady(const OwnForecastInput& input);

}  // namespace metergate
