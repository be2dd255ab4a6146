#include "base/histogram.h"

#include <algorithm>
#include <bit>
#include <iterator>

namespace metergate {
namespace {

using Number = Histogram::Number;

constexpr unsigned kSubBits = 6;  // 64 buckets for each power of two
constexpr unsigned kDurationTopBit = 36;
constexpr unsigned kTopBit = 70;

constexpr std::uint16_t last_index(unsigned top_bit) {
  return static_cast<std::uint16_t>(((top_bit - kSubBits) << kSubBits) + (1U << kSubBits) - 1);
}

unsigned width_of(Number value) {
  const auto high = static_cast<std::uint64_t>(value >> 64);
  if (high != 0) return 64 + static_cast<unsigned>(std::bit_width(high));
  return static_cast<unsigned>(std::bit_width(static_cast<std::uint64_t>(value)));
}

// Values below 64 have a bucket each; for others the leading bit and the next six choose the
// bucket.
std::uint16_t index_of(Number value, unsigned top_bit) {
  if (value < (1 << kSubBits)) return static_cast<std::uint16_t>(std::max<Number>(value, 0));
  const unsigned top = width_of(value) - 1;
  if (top >= top_bit) return last_index(top_bit);
  const unsigned shift = top - kSubBits;
  const auto sub = static_cast<unsigned>((value >> shift) & ((1 << kSubBits) - 1));
  return static_cast<std::uint16_t>(((shift + 1) << kSubBits) + sub);
}

Number middle_of(std::uint16_t index) {
  if (index < (1U << kSubBits)) return index;
  const unsigned shift = (index >> kSubBits) - 1U;
  const Number low = Number{(1U << kSubBits) + (index & ((1U << kSubBits) - 1U))} << shift;
  return low + ((Number{1} << shift) >> 1U);
}

// Counts stop at their maximum instead of wrapping. Percentiles stay accurate enough, and totals
// are kept elsewhere.
std::uint32_t saturating_add(std::uint32_t a, std::uint32_t b) {
  return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

}  // namespace

void Histogram::add(Microseconds duration, std::uint32_t times) {
  add_at(index_of(duration.count(), kDurationTopBit), times);
}

void Histogram::add_value(Number value) { add_at(index_of(value, kTopBit), 1); }

void Histogram::remove(Microseconds duration) {
  const std::uint16_t index = index_of(duration.count(), kDurationTopBit);
  const auto at = std::ranges::lower_bound(buckets_, index, {}, &Bucket::index);
  if (at == buckets_.end() || at->index != index) return;
  if (--at->count == 0) buckets_.erase(at);
}

void Histogram::add_at(std::uint16_t index, std::uint32_t times) {
  const auto at = std::ranges::lower_bound(buckets_, index, {}, &Bucket::index);
  if (at != buckets_.end() && at->index == index) {
    at->count = saturating_add(at->count, times);
  } else if (times > 0) {
    buckets_.insert(at, Bucket{index, times});
  }
}

void Histogram::merge(const Histogram& other) {
  // Most buckets usually exist already, so only missing ones need new room.
  std::vector<Bucket> missing;
  auto a = buckets_.begin();
  for (const Bucket& b : other.buckets_) {
    a = std::ranges::lower_bound(a, buckets_.end(), b.index, {}, &Bucket::index);
    if (a != buckets_.end() && a->index == b.index) {
      a->count = saturating_add(a->count, b.count);
    } else {
      missing.push_back(b);
    }
  }
  if (missing.empty()) return;
  std::vector<Bucket> merged;
  merged.reserve(buckets_.size() + missing.size());
  std::ranges::merge(buckets_, missing, std::back_inserter(merged), {}, &Bucket::index,
                     &Bucket::index);
  buckets_ = std::move(merged);
}

std::uint64_t Histogram::count() const {
  std::uint64_t total = 0;
  for (const Bucket& bucket : buckets_) total += bucket.count;
  return total;
}

std::optional<Microseconds> Histogram::percentile(unsigned permille) const {
  const std::optional<Number> value = percentile_value(permille);
  if (!value) return std::nullopt;
  return Microseconds{static_cast<std::int64_t>(*value)};
}

std::optional<Histogram::Number> Histogram::percentile_value(unsigned permille) const {
  const std::uint64_t total = count();
  if (total == 0) return std::nullopt;
  const std::uint64_t rank = std::max<std::uint64_t>(1, (total * permille + 999) / 1000);
  std::uint64_t seen = 0;
  for (const Bucket& bucket : buckets_) {
    seen += bucket.count;
    if (seen >= rank) return middle_of(bucket.index);
  }
  return middle_of(buckets_.back().index);
}

bool Histogram::assign(std::vector<Bucket> buckets) {
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    if (buckets[i].count == 0 || buckets[i].index > last_index(kTopBit)) return false;
    if (i > 0 && buckets[i - 1].index >= buckets[i].index) return false;
  }
  buckets_ = std::move(buckets);
  return true;
}

}  // namespace metergate
