// Dice: pseudo-random figures, the same on every machine and run. One thread.
#pragma once

#include <cstdint>

namespace metergate {

// SplitMix64: small and seeded.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  // A number from least to most, both included.
  std::int64_t roll(std::int64_t least, std::int64_t most) {
    state_ += 0x9E3779B97F4A7C15;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
    mixed ^= mixed >> 31;
    return least + static_cast<std::int64_t>(mixed % static_cast<std::uint64_t>(most - least + 1));
  }

 private:
  std::uint64_t state_;
};

}  // namespace metergate
