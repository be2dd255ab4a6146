#include "domain/quantity.h"

#include <algorithm>

namespace metergate {
namespace {

constexpr std::uint8_t kScale = 9;
constexpr unsigned kDigitsMax = 17;
constexpr Wide kValueMax = power_of_ten(12 + kScale);
constexpr Wide kSumMax = power_of_ten(37);

Wide magnitude(Wide value) { return value < 0 ? -value : value; }

}  // namespace

std::optional<Quantity> Quantity::of(Decimal number) {
  // A number with 18 digits or 18 decimals may have been cut when it was read, so it is refused
  // here.
  if (number.scale > kScale || magnitude(number.unscaled) >= power_of_ten(kDigitsMax))
    return std::nullopt;
  const Wide value = Wide{number.unscaled} * power_of_ten(kScale - number.scale);
  if (magnitude(value) > kValueMax) return std::nullopt;
  return Quantity{value};
}

std::optional<Quantity> Quantity::parse(std::string_view text) {
  const std::optional<Decimal> number = parse_decimal(text);
  return number ? of(*number) : std::nullopt;
}

std::optional<Quantity> Quantity::rounded(const ExactNumber& number) {
  const auto value = scaled(number, kScale);
  if (!value || magnitude(*value) > kValueMax) return std::nullopt;
  return Quantity{*value};
}

Quantity& Quantity::operator+=(Quantity other) {
  billionths = std::clamp(billionths + other.billionths, -kSumMax, kSumMax);
  return *this;
}

Quantity& Quantity::operator-=(Quantity other) {
  billionths = std::clamp(billionths - other.billionths, -kSumMax, kSumMax);
  return *this;
}

Decimal Quantity::shown() const {
  Wide unscaled = billionths;
  std::uint8_t scale = kScale;
  for (; scale > 0 && unscaled % 10 == 0; --scale) unscaled /= 10;
  if (const auto exact = narrow(unscaled)) return {*exact, scale};
  // Rounded once, from the exact value.
  for (std::uint8_t fewer = scale; fewer-- > 0;) {
    const Wide rounded = divide_rounded(unscaled, power_of_ten(scale - fewer));
    if (const auto fits = narrow(rounded)) return trimmed({*fits, fewer});
  }
  return {saturate(unscaled), 0};
}

std::string billionths_text(Quantity value) {
  Wide rest = magnitude(value.billionths);
  std::string digits;
  do {
    digits.push_back(static_cast<char>('0' + static_cast<int>(rest % 10)));
    rest /= 10;
  } while (rest > 0);
  if (value.billionths < 0) digits.push_back('-');
  std::ranges::reverse(digits);
  return digits;
}

std::optional<Quantity> quantity_of_billionths(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  if (is_negative) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  Wide value = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '9') return std::nullopt;
    value = value * 10 + (digit - '0');
    if (value > kSumMax) return std::nullopt;
  }
  return Quantity{is_negative ? -value : value};
}

Quantity mean_of(Quantity sum, std::int64_t count) {
  return {divide_rounded(sum.billionths, count)};
}

}  // namespace metergate
