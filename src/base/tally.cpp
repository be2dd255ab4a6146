#include "base/tally.h"

#include <algorithm>
#include <numeric>

namespace metergate {
namespace {

std::size_t bucket_of(std::int64_t microseconds) {
  return static_cast<std::size_t>(std::ranges::lower_bound(kLatencyBoundsUs, microseconds) -
                                  kLatencyBoundsUs.begin());
}

}  // namespace

std::size_t Tally::take_place() {
  static std::atomic<std::size_t> next = 0;
  return next.fetch_add(1, std::memory_order_relaxed) % kPlaces;
}

std::int64_t Tally::value() const {
  std::int64_t sum = 0;
  for (const Cell& cell : cells_) sum += cell.count.load(std::memory_order_relaxed);
  return sum;
}

std::int64_t LatencyCounts::total() const {
  return std::accumulate(buckets.begin(), buckets.end(), std::int64_t{0});
}

void LatencyTally::add(Microseconds duration) {
  const std::int64_t microseconds = std::max<std::int64_t>(0, duration.count());
  Cell& cell = cells_[Tally::place()];
  cell.buckets[bucket_of(microseconds)].fetch_add(1, std::memory_order_relaxed);
  cell.sum.fetch_add(microseconds, std::memory_order_relaxed);
}

LatencyCounts LatencyTally::counts() const {
  LatencyCounts counts;
  for (const Cell& cell : cells_) {
    for (std::size_t at = 0; at < cell.buckets.size(); ++at)
      counts.buckets[at] += cell.buckets[at].load(std::memory_order_relaxed);
    counts.sum += Microseconds{cell.sum.load(std::memory_order_relaxed)};
  }
  return counts;
}

}  // namespace metergate
