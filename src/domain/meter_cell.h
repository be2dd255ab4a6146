// MeterCell: the figures of one meter of the provider's own for one tenant, group and span of time,
// and how events fold into them.
//
// A cell keeps only the parts that its meter's aggregation needs. Folding and merging do not depend
// on the order of events, except for UNIQUE_COUNT beyond kUniqueMax distinct values, where
// `is_full` marks the count as a lower bound. Values; no threads.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/histogram.h"
#include "base/time.h"
#include "domain/own_meter.h"
#include "domain/quantity.h"

namespace metergate {

// A 128-bit hash that represents one distinct text.
struct UniqueMark {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend auto operator<=>(const UniqueMark&, const UniqueMark&) = default;
};

// The reading of one event by one meter.
struct MeterReading {
  bool is_usable = false;  // false: the value is missing or unsuitable for the meter
  Quantity value;          // for all but COUNT and UNIQUE_COUNT
  UniqueMark mark;         // for UNIQUE_COUNT
  Timestamp at{};
};

struct MeterCell {
  std::int64_t count = 0;     // events with a usable value
  std::int64_t unusable = 0;  // events without one; not in any other member
  Quantity sum;               // SUM, AVG
  Quantity least;             // MIN and percentiles; valid if count > 0, as are the next two
  Quantity greatest;          // MAX and percentiles
  Quantity latest;            // LATEST, of the time `latest_at`; at equal times the greater value
  Timestamp latest_at{};
  std::vector<UniqueMark> unique;  // UNIQUE_COUNT, sorted
  bool is_full = false;            // another distinct value came after kUniqueMax
  Histogram values;                // percentiles, in billionths

  void fold(Folding aggregation, const MeterReading& reading);
  void merge(Folding aggregation, const MeterCell& other);
  // Takes out one event that was folded in; false if the aggregation does not allow that, and the
  // cell must be folded again from its remaining events.
  bool unfold(Folding aggregation, const MeterReading& reading);
  bool is_empty() const { return count == 0 && unusable == 0; }
  // Nothing if there was no usable event, except for COUNT, SUM and UNIQUE_COUNT, which are then 0.
  std::optional<Quantity> value(Folding aggregation) const;

  friend bool operator==(const MeterCell&, const MeterCell&) = default;
};

}  // namespace metergate
