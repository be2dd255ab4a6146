// ExactNumber: a number as JSON writes it, of any length and size, taken apart. For numbers that no
// Decimal can hold, and to round from all digits that were sent. Values; no threads.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace metergate {

struct ExactNumber {
  bool is_negative = false;   // never of 0
  std::string digits;         // without a zero at either end; empty: 0
  std::int64_t exponent = 0;  // the number is 0.DIGITS times ten to this; held within a bound

  // "-0.50e3" and its like; zeros in front are passed over. Nothing where the text is no number.
  static std::optional<ExactNumber> parse(std::string_view text);

  friend std::strong_ordering compare(const ExactNumber& a, const ExactNumber& b);
};

// One text for each value: "-0.5e4".
std::string to_text(const ExactNumber& number);

// The number times ten to `decimals`, rounded half away from zero. Nothing where that has more than
// 30 digits.
__extension__ using ScaledNumber = __int128;
std::optional<ScaledNumber> scaled(const ExactNumber& number, unsigned decimals);

}  // namespace metergate
