// Warnings: alerts that come before a limit is passed, near_limit and forecast_over, and when they
// open and resolve. Rules: "Alerts". Pure decisions; no I/O, no clock.
//
// Each opens once in a period, whatever becomes of it. A usage that jumps over several thresholds
// opens the highest alone, and then none of those below it. A meter that is over its limit, or is
// named by an over-limit alert that nobody has resolved, has no warning.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "domain/alert.h"
#include "domain/forecast.h"

namespace metergate {

inline constexpr int kThresholdMax = 100;  // percent of the limit; above it is over_limit's
inline constexpr std::size_t kThresholdsMax = 10;

// What is expected of a meter at the end of the period.
struct MeterForecast {
  std::string meter;
  Quantity expected;
  std::optional<Day> passes_on;
};

struct WarningInput {
  const Statement& now_true;
  std::span<const Alert> known;  // the warnings of its tenant and period, whatever their status
  const Alert* over_limit = nullptr;  // likewise, after this look
  std::span<const int> thresholds;    // ascending
  // Nothing: nobody looked. A meter that is not among them has none.
  const std::vector<MeterForecast>* forecasts = nullptr;
  bool has_ended = false;  // the period
  bool opens = true;       // false: warnings are resolved alone
};

struct WarningChange {
  AlertStep step;  // open or resolve
  Alert alert;     // after it
};

std::vector<WarningChange> warning_changes(const WarningInput& input, Timestamp now);

// Of a period that takes no more events: nothing can be passed in it any more.
Alert after_period_closed(Alert warning, Timestamp now);

}  // namespace metergate
