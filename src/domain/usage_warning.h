// Warnings: the alerts near_limit and forecast_over, which come before a limit is passed; when they
// open and resolve. Rules: "Alerts". Pure decisions; no I/O, no clock.
//
// Each opens at most once in a period. Usage that passes several thresholds at once opens the
// highest only, and the lower ones never. A meter that is over its limit, or is named by an
// unresolved over-limit alert, has no warning.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "domain/alert.h"
#include "domain/forecast.h"

namespace metergate {

inline constexpr int kThresholdMax = 100;  // percent of the limit; over_limit covers usage above
inline constexpr std::size_t kThresholdsMax = 10;

// The expected usage of a meter at the end of the period.
struct MeterForecast {
  std::string meter;
  Quantity expected;
  std::optional<Day> passes_on;
};

struct WarningInput {
  const Statement& now_true;
  std::span<const Alert> known;  // the warnings of its tenant and period, whatever their status
  const Alert* over_limit = nullptr;  // the over-limit alert after the present step
  std::span<const int> thresholds;    // ascending
  // nullptr: not computed. A meter without an entry has no forecast.
  const std::vector<MeterForecast>* forecasts = nullptr;
  bool has_ended = false;  // the period
  bool opens = true;       // false: warnings are only resolved
};

struct WarningChange {
  AlertStep step;  // open or resolve
  Alert alert;     // after the step
};

std::vector<WarningChange> warning_changes(const WarningInput& input, Timestamp now);

// Resolves a warning of a period that takes no more events, so that no limit can be passed in it
// any more.
Alert after_period_closed(Alert warning, Timestamp now);

}  // namespace metergate
