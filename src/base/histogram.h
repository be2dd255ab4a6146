// A mergeable histogram of durations, or of whole numbers, with percentiles that have a relative
// error of at most 1 %.
//
// Log-linear: each power of two is cut into 64 equal buckets, and a bucket is read as its middle,
// so a value is off by at most 1/128. Sparse: only buckets with a count are kept, sorted. Covers
// durations of 0 to 2^36 µs (19 hours), and numbers of 0 to 2^70; greater ones count in the last
// bucket. Merging is exact: any split of the same values merges to the same histogram. Values; no
// threads.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/time.h"

namespace metergate {

class Histogram {
 public:
  struct Bucket {
    std::uint16_t index;
    std::uint32_t count;
    friend bool operator==(const Bucket&, const Bucket&) = default;
  };

  __extension__ using Number = __int128;

  void add(Microseconds duration, std::uint32_t times = 1);
  void add_value(Number value);  // negative values count as 0
  // Removes one that was added; does nothing if its bucket is empty.
  void remove(Microseconds duration);
  void merge(const Histogram& other);
  std::uint64_t count() const;
  // The duration below or at which `permille` thousandths of all values are (500, 950, 990);
  // nothing if the histogram is empty.
  std::optional<Microseconds> percentile(unsigned permille) const;
  std::optional<Number> percentile_value(unsigned permille) const;

  std::span<const Bucket> buckets() const { return buckets_; }
  // Takes buckets as buckets() returns them, with rising indexes in range and counts above 0;
  // otherwise returns false.
  bool assign(std::vector<Bucket> buckets);

  friend bool operator==(const Histogram&, const Histogram&) = default;

 private:
  void add_at(std::uint16_t index, std::uint32_t times);
  std::vector<Bucket> buckets_;
};

}  // namespace metergate
