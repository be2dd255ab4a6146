// Decimal: an exact decimal number, for amounts and percentages that people read. Never floating
// point. Values; no threads.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace metergate {

// unscaled / 10^scale, exactly; scale 0 to 18. Its scale is how many decimals it is written with.
struct Decimal {
  std::int64_t unscaled = 0;
  std::uint8_t scale = 0;
};

// By value, whatever the scales: 1.50 equals 1.5.
std::strong_ordering compare(Decimal a, Decimal b);
std::string to_text(Decimal value);
// Fewer decimals, rounded half away from zero; more are padded with zeros where they fit.
Decimal rescale(Decimal value, std::uint8_t scale);
// The same value without the zeros at the end: 15.200 becomes 15.2.
Decimal trimmed(Decimal value);

// "12", "-0.50", "1.5e3" as a decimal: exact with up to 18 decimals where 64 bits hold the digits;
// decimals beyond that are cut. Nothing where it is no number (as JSON has numbers,
// but for zeros in front), longer than 64 characters, or its whole part does not fit.
std::optional<Decimal> parse_decimal(std::string_view text);

}  // namespace metergate
