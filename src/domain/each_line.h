// Reads the lines of built-in and own meters alike, so that code which treats them the same is
// written once. Values; no threads.
#pragma once

#include <algorithm>
#include <string_view>

#include "domain/rating.h"

namespace metergate {

// Calls `visit` with each line of a Rated or an Alert: the built-in meters' in the order of
// kMeters, then those of the provider's own.
template <class Lined, class Visit>
void each_line(const Lined& lined, Visit visit) {
  for (const LineItem& line : lined.lines) visit(line);
  for (const OwnLineItem& line : lined.own_lines) visit(line);
}

template <class Lined, class Test>
bool any_line(const Lined& lined, Test test) {
  return std::ranges::any_of(lined.lines, test) || std::ranges::any_of(lined.own_lines, test);
}

// The name or slug.
inline std::string_view meter_of(const LineItem& line) { return row_of(line.meter).name; }
inline std::string_view meter_of(const OwnLineItem& line) { return line.meter; }

inline bool is_over(const LineItem& line) { return line.overage > 0; }
inline bool is_over(const OwnLineItem& line) { return line.overage > Quantity{}; }

inline Utilization utilization_of(const LineItem& line) { return {line.usage, line.included}; }

// An amount of the line's meter, as shown to people.
inline Decimal shown(const LineItem& line, std::int64_t units) {
  return to_display(line.meter, units);
}
inline Decimal shown(const OwnLineItem&, Quantity amount) { return amount.shown(); }

// The meter that is nearest to its limit or furthest above it; the first of equals.
struct Fullest {
  std::string_view meter;  // borrowed from the lines
  Utilization utilization;
};
inline Fullest fullest_of(const Rated& rated) {
  Fullest fullest{row_of(rated.highest).name, rated.utilization[rated.highest]};
  for (const OwnLineItem& line : rated.own_lines) {
    const Utilization own = utilization_of(line);
    if (compare(own, fullest.utilization) > 0) fullest = {line.meter, own};
  }
  return fullest;
}

}  // namespace metergate
