// Late lines: what a correction of a closed period changes. Its statement stays as it was frozen;
// the difference is billed in a later one, at the frozen terms. Values; no threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "domain/period.h"
#include "domain/rating.h"

namespace metergate {

struct LateLine {
  std::string meter;  // a built-in one's name or the slug of the provider's own
  Period period;      // that was corrected
  Quantity quantity;  // added (taken away: below 0), in units of the meter
  Money cost;         // below 0: a credit; exact to a millionth
  std::string correction_id;
  std::string reason;
  std::int64_t corrections = 1;  // above 1: the sum of so many, without an id and a reason
  std::string currency;          // empty: that of the statement; else it is in none of its sums
  friend bool operator==(const LateLine&, const LateLine&) = default;
};

// What `quantity` costs on top of the frozen usage and of what was corrected `before`: the
// difference of two costs by the frozen line of the meter. So all late lines of a period, added to
// what was frozen, are what the corrected usage costs, to the millionth. ErrorCode::invalid where
// the statement does not bill the meter, or a built-in meter's usage would fall below 0.
Result<Money> late_cost(const Rated& frozen, std::string_view meter, Quantity before,
                        Quantity quantity);

// So many stand in a statement one by one; the rest is summed up by meter and period, so that a
// statement has a bound however much was corrected.
inline constexpr std::size_t kLateLinesShown = 100;
Result<std::vector<LateLine>> condensed(std::vector<LateLine> lines);

// The lines and the late lines added up, not rounded; ErrorCode::invalid as sum_of_lines().
Result<Money> sum_with_late(const Rated& rated, const std::vector<LateLine>& late);

}  // namespace metergate
