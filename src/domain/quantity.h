// Quantity: an exact amount of a meter of the provider's own, in billionths, with room for sums.
//
// A value from outside is between −10^12 and 10^12. Limits have at most 9 decimals and 17 digits,
// so that none is silently shortened; an event's value is rounded once to 9 decimals, half away
// from zero. Sums stop at their bound instead of wrapping; reaching it takes 10^17 of the greatest
// values. Values; no threads.
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
  // Nothing if the number has too many decimals or digits, or is out of bounds.
  static std::optional<Quantity> of(Decimal number);
  // The same for a text that holds a JSON number.
  static std::optional<Quantity> parse(std::string_view text);
  // Rounded; nothing if the number is out of bounds.
  static std::optional<Quantity> rounded(const ExactNumber& number);

  Quantity& operator+=(Quantity other);
  Quantity& operator-=(Quantity other);
  // As shown to people: exact if the digits fit into 64 bits, otherwise with as many decimals as
  // fit, rounded half away from zero.
  Decimal shown() const;

  friend auto operator<=>(const Quantity&, const Quantity&) = default;

  static constexpr std::int64_t kPerWhole = 1'000'000'000;
};

// Writes the billionths as decimal digits, exactly, and reads them. Nothing if the text has another
// form.
std::string billionths_text(Quantity value);
std::optional<Quantity> quantity_of_billionths(std::string_view text);

// The mean of `count` values, rounded half away from zero to a billionth. count > 0.
Quantity mean_of(Quantity sum, std::int64_t count);

}  // namespace metergate
