// Quantity: an exact amount of a meter of the provider's own, in billionths, with room for sums.
//
// A value from outside lies within a million millions on both sides of 0. Limits and the like have
// at most 9 decimals and 17 digits in all, so that none is taken for a shorter one; what an event
// says is rounded to 9 decimals, half away from zero, from all its digits. Sums stop at their bound
// instead of wrapping; it takes 10^17 of the greatest values to get there. Values; no threads.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/decimal.h"
#include "base/exact_number.h"
#include "domain/wide.h"

namespace metergate {

struct Quantity {
  Wide billionths = 0;

  static Quantity of(std::int64_t whole) { return {Wide{whole} * kPerWhole}; }
  // Nothing where the number has more decimals or digits than are kept, or is out of bounds.
  static std::optional<Quantity> of(Decimal number);
  // The same of a text: a number as JSON has them.
  static std::optional<Quantity> parse(std::string_view text);
  // Rounded; nothing where it is out of bounds.
  static std::optional<Quantity> rounded(const ExactNumber& number);

  Quantity& operator+=(Quantity other);
  Quantity& operator-=(Quantity other);
  // As people read it: exact where 64 bits hold the digits, else with as many decimals as fit,
  // rounded half away from zero.
  Decimal shown() const;

  friend auto operator<=>(const Quantity&, const Quantity&) = default;

  static constexpr std::int64_t kPerWhole = 1'000'000'000;
};

// Whole billionths in decimal digits, exactly; and read again. Nothing where it is no such text.
std::string billionths_text(Quantity value);
std::optional<Quantity> quantity_of_billionths(std::string_view text);

// The mean of `count` values, rounded half away from zero to a billionth. count > 0.
Quantity mean_of(Quantity sum, std::int64_t count);

}  // namespace metergate
