// Forecast: the usage expected at a period's end, and the day on which a limit is passed.
//
// Run rate, adjusted for weekdays: each weekday's mean of the period's full days (or the mean of
// all days where a weekday has not been seen) is added for the days to come. Meters that are levels
// (stores, devices, storage) go on by their mean daily change. A limit that is passed already was
// passed on the first full day at whose end usage lay above it, so that the day stays the same from
// then on, also when the period is over. Integer arithmetic. No I/O, no clock.
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
  std::optional<Day> passes_on;          // the first day at whose end usage lies above the limit
};

struct ForecastInput {
  Period period;
  Day today;              // in the billing time zone; the day after its last: the period is over
  std::int64_t used = 0;  // units up to now
  std::span<const std::int64_t>
      daily;  // units of each full day, from the period's first to yesterday
  std::optional<std::int64_t> limit;  // nothing: unlimited
};

// What is expected is nothing before 3 full days and 10 % of the period are over, and after the
// period's end; the whole where no limit is passed either.
std::optional<Forecast> forecast_sum(const ForecastInput& input);
// `daily` holds each full day's closing level.
std::optional<Forecast> forecast_level(const ForecastInput& input);

// The same of a meter of the provider's own.
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
// Of an average, a least or a percentile: what has come so far is the best that can be said of what
// comes, so it stays. `daily` holds the figure at the end of each full day.
std::optional<OwnForecast> forecast_steady(const OwnForecastInput& input);

}  // namespace metergate
