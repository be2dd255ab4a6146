// Decimal: an exact decimal number, for amounts and percentages that people read. Never floating
// point. Values; no threads.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace metergate {

// unscaled / 10^scale, exactly; scale 0 to 18, which is also the number of decimals shown.
struct Decimal {
  std::int64_t unscaled = 0;
  std::uint8_t scale = 0;
};

// Compares the values, whatever the scales: 1.50 equals 1.5.
std::strong_ordering compare(Decimal a, Decimal b);
std::string to_text(Decimal value);
// Fewer decimals are rounded half away from zero; more are padded with zeros if they fit.
Decimal rescale(Decimal value, std::uint8_t scale);
// The same value without trailing zeros: 15.200 becomes 15.2.
Decimal trimmed(Decimal value);

// Reads "12", "-0.50", "1.5e3": exactly with up to 18 decimals if the digits fit into 64 bits;
// further decimals are cut. Nothing if the text is not a number as in JSON (leading zeros are
// allowed), is longer than 64 characters, or its whole part does not fit.
std::optional<Decimal> parse_decimal(std::string_view text);

}  // namespace metergate
