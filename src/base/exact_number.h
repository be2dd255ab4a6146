// ExactNumber: the parts of a JSON number of any length and size, for numbers that no Decimal can
// hold and for rounding from all digits that were sent. Values; no threads.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace metergate {

struct ExactNumber {
  bool is_negative = false;   // false for 0
  std::string digits;         // without leading and trailing zeros; empty: 0
  std::int64_t exponent = 0;  // the number is 0.DIGITS times ten to this power; bounded

  // Reads "-0.50e3" and the like; leading zeros are ignored. Nothing if the text is not a number.
  static std::optional<ExactNumber> parse(std::string_view text);

  friend std::strong_ordering compare(const ExactNumber& a, const ExactNumber& b);
};

// The one text of each value, such as "-0.5e4".
std::string to_text(const ExactNumber& number);

// The number times ten to `decimals`, rounded half away from zero. Nothing if that has more than 30
// digits.
__extension__ using ScaledNumber = __int128;
std::optional<ScaledNumber> scaled(const ExactNumber& number, unsigned decimals);

}  // namespace metergate
