// Tallies: counts and latencies that many threads raise and few read. Raising one takes no lock and
// no memory, and threads seldom share a cache line; reading one adds up its parts.
//
// A tally only grows. What is read while others raise it lies between what it was and what it will
// be. Any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace metergate {

class Tally {
 public:
  void add(std::int64_t count = 1) {
    cells_[place()].count.fetch_add(count, std::memory_order_relaxed);
  }
  std::int64_t value() const;

  static constexpr std::size_t kPlaces = 8;
  // The calling thread's place. Threads get places in turn.
  static std::size_t place() {
    if (place_ == kPlaces) [[unlikely]]
      place_ = take_place();
    return place_;
  }

 private:
  struct alignas(64) Cell {
    std::atomic<std::int64_t> count = 0;
  };
  static std::size_t take_place();
  static inline thread_local std::size_t place_ = kPlaces;
  std::array<Cell, kPlaces> cells_;
};

// The upper bounds of the buckets, included; one more bucket has what took longer.
inline constexpr std::array<std::int64_t, 17> kLatencyBoundsUs = {
    100,     250,     500,     1'000,     2'500,     5'000,     10'000,     25'000,    50'000,
    100'000, 250'000, 500'000, 1'000'000, 2'500'000, 5'000'000, 10'000'000, 30'000'000};

struct LatencyCounts {
  std::array<std::int64_t, kLatencyBoundsUs.size() + 1> buckets{};  // each for itself
  Microseconds sum{0};
  std::int64_t total() const;
};

class LatencyTally {
 public:
  void add(Microseconds duration);
  LatencyCounts counts() const;

 private:
  struct alignas(64) Cell {
    std::array<std::atomic<std::int64_t>, kLatencyBoundsUs.size() + 1> buckets{};
    std::atomic<std::int64_t> sum = 0;
  };
  std::array<Cell, Tally::kPlaces> cells_;
};

// Answers by the first digit of their status.
struct StatusTallies {
  std::array<Tally, 6> by_class;  // [2]: 200 to 299; [0]: what is none
  void add(int status) {
    const int digit = status / 100;
    by_class[digit >= 1 && digit <= 5 ? static_cast<std::size_t>(digit) : 0].add();
  }
};

}  // namespace metergate
