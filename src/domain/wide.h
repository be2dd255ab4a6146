// Exact products and quotients: 128-bit numbers for intermediate results that do not fit into 64
// bits.
//
// divide_rounded is the only place where the domain rounds. Values; no threads.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

namespace metergate {

__extension__ using Wide = __int128;

// The quotient to the nearest whole number, half away from zero. divisor > 0.
constexpr Wide divide_rounded(Wide dividend, Wide divisor) {
  const Wide quotient = dividend / divisor;
  const Wide rest = dividend % divisor;
  const Wide distance = rest < 0 ? -rest : rest;
  if (distance < divisor - distance) return quotient;
  return dividend < 0 ? quotient - 1 : quotient + 1;
}

// Nothing if the value does not fit into 64 bits.
constexpr std::optional<std::int64_t> narrow(Wide value) {
  using Bounds = std::numeric_limits<std::int64_t>;
  if (value < Bounds::min() || value > Bounds::max()) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

// The nearest value that fits in 64 bits.
constexpr std::int64_t saturate(Wide value) {
  using Bounds = std::numeric_limits<std::int64_t>;
  if (value < Bounds::min()) return Bounds::min();
  return value > Bounds::max() ? Bounds::max() : static_cast<std::int64_t>(value);
}

constexpr Wide power_of_ten(unsigned exponent) {
  Wide power = 1;
  for (unsigned i = 0; i < exponent; ++i) power *= 10;
  return power;
}

}  // namespace metergate
