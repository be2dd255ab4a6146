// The year of a report or a statement: usage by month, one small chart a meter, ready to be drawn.
// Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "service/analytics/analytics.h"
#include "service/billing/billing.h"

namespace metergate {

struct YearSeries {
  std::string title;
  std::vector<std::optional<std::int64_t>> values;  // one a month; nothing: not known
  std::optional<std::int64_t> limit;                // drawn as a line
  std::string newest;                               // the last value, as people read it
};

struct YearChart {
  std::vector<Period> months;  // oldest first
  std::vector<YearSeries> series;
};

inline constexpr int kYearMonths = 13;  // the same month of the year before is there to compare

// The year of all tenants together, up to the period.
Result<YearChart> year_of_all(const Analytics& analytics, Period period);
// The year of one tenant, with its limits.
Result<YearChart> year_of(const Billing& billing, const Statement& statement);

}  // namespace metergate
