// MeterCell: what is kept of one meter of the provider's own for one tenant, group and span of
// time, and how events fold into it.
//
// A cell keeps only what its meter's aggregation needs. Folding and merging do not depend on the
// order of events, but for UNIQUE_COUNT beyond kUniqueMax different values, where `is_full` says
// that the count is a lower bound. Values; no threads.
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

// Stands for a text among the different ones: a hash of 128 bits.
struct UniqueMark {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend auto operator<=>(const UniqueMark&, const UniqueMark&) = default;
};

// What one event says to one meter.
struct MeterReading {
  bool is_usable = false;  // false: the value is missing or none that the meter can take
  Quantity value;          // of all but COUNT and UNIQUE_COUNT
  UniqueMark mark;         // of UNIQUE_COUNT
  Timestamp at{};
};

struct MeterCell {
  std::int64_t count = 0;     // events with a usable value
  std::int64_t unusable = 0;  // events without one: in no other member
  Quantity sum;               // SUM, AVG
  Quantity least;             // MIN and percentiles; good where count > 0, as the next two
  Quantity greatest;          // MAX and percentiles
  Quantity latest;            // LATEST, of `latest_at`; of equal instants the greater value
  Timestamp latest_at{};
  std::vector<UniqueMark> unique;  // UNIQUE_COUNT, sorted
  bool is_full = false;            // a different value came after kUniqueMax
  Histogram values;                // percentiles, in billionths

  void fold(Folding aggregation, const MeterReading& reading);
  void merge(Folding aggregation, const MeterCell& other);
  // Takes one folded event out again; false where the aggregation does not allow that, and the cell
  // has to be folded anew from its events.
  bool unfold(Folding aggregation, const MeterReading& reading);
  bool is_empty() const { return count == 0 && unusable == 0; }
  // Nothing where no usable event came, unless that means 0: COUNT, SUM, UNIQUE_COUNT.
  std::optional<Quantity> value(Folding aggregation) const;

  friend bool operator==(const MeterCell&, const MeterCell&) = default;
};

}  // namespace metergate
