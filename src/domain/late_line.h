// Late lines: the cost of correcting a closed period. Its statement stays as it was frozen; the
// difference is billed in a later one, at the frozen terms. Values; no threads.
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
  std::string meter;  // a built-in meter's name or an own one's slug
  Period period;      // the corrected period
  Quantity quantity;  // the difference, negative if taken away, in units of the meter
  Money cost;         // negative for a credit; exact to a millionth
  std::string correction_id;
  std::string reason;
  std::int64_t corrections = 1;  // above 1: a sum of that many, without id and reason
  std::string currency;          // empty: the statement's; any other is not part of its sums
  friend bool operator==(const LateLine&, const LateLine&) = default;
};

// The cost of `quantity` on top of the frozen usage and of earlier corrections (`before`): the
// difference of two costs by the meter's frozen line. So the frozen cost of a period plus all its
// late lines equals the cost of its corrected usage, to the millionth. ErrorCode::invalid if the
// statement does not bill the meter, or a built-in meter's usage would become negative.
Result<Money> late_cost(const Rated& frozen, std::string_view meter, Quantity before,
                        Quantity quantity);

// The number of late lines that a statement shows one by one. The rest are summed by meter and
// period, so that a statement is bounded however much was corrected.
inline constexpr std::size_t kLateLinesShown = 100;
Result<std::vector<LateLine>> condensed(std::vector<LateLine> lines);

// The unrounded sum of all lines and late lines; ErrorCode::invalid as for sum_of_lines().
Result<Money> sum_with_late(const Rated& rated, const std::vector<LateLine>& late);

}  // namespace metergate
