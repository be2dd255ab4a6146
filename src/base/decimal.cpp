#include "base/decimal.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace metergate {
namespace {

__extension__ using Wide = __int128;

Wide power_of_ten(unsigned exponent) {
  Wide power = 1;
  for (unsigned i = 0; i < exponent; ++i) power *= 10;
  return power;
}

}  // namespace

std::strong_ordering compare(Decimal a, Decimal b) {
  const Wide left = Wide{a.unscaled} * power_of_ten(b.scale);
  const Wide right = Wide{b.unscaled} * power_of_ten(a.scale);
  return left < right   ? std::strong_ordering::less
         : left > right ? std::strong_ordering::greater
                        : std::strong_ordering::equal;
}

std::string to_text(Decimal value) {
  if (value.scale == 0) return fmt::format("{}", value.unscaled);
  const bool negative = value.unscaled < 0;
  const auto magnitude = negative ? -Wide{value.unscaled} : Wide{value.unscaled};
  const Wide unit = power_of_ten(value.scale);
  return fmt::format("{}{}.{:0{}}", negative ? "-" : "",
                     static_cast<std::uint64_t>(magnitude / unit),
                     static_cast<std::uint64_t>(magnitude % unit), value.scale);
}

Decimal rescale(Decimal value, std::uint8_t scale) {
  if (scale >= value.scale) {
    const Wide wider = Wide{value.unscaled} * power_of_ten(scale - value.scale);
    if (wider > INT64_MAX || wider < INT64_MIN) return value;
    return {static_cast<std::int64_t>(wider), scale};
  }
  const Wide unit = power_of_ten(value.scale - scale);
  const Wide half = value.unscaled < 0 ? -unit / 2 : unit / 2;
  return {static_cast<std::int64_t>((Wide{value.unscaled} + half) / unit), scale};
}

Decimal trimmed(Decimal value) {
  while (value.scale > 0 && value.unscaled % 10 == 0) {
    value.unscaled /= 10;
    --value.scale;
  }
  return value;
}

std::optional<Decimal> parse_decimal(std::string_view text) {
  constexpr std::size_t kLengthMax = 64;
  constexpr int kScaleMax = 18;
  if (text.empty() || text.size() > kLengthMax) return std::nullopt;
  const bool negative = text.front() == '-';
  std::size_t at = negative ? 1 : 0;
  Wide mantissa = 0;
  int scale = 0;
  bool after_point = false;
  std::size_t digit_count = 0;
  for (; at < text.size() && text[at] != 'e' && text[at] != 'E'; ++at) {
    if (text[at] == '.') {
      if (after_point || digit_count == 0) return std::nullopt;
      after_point = true;
      continue;
    }
    if (text[at] < '0' || text[at] > '9') return std::nullopt;
    ++digit_count;
    if (after_point && (scale >= kScaleMax || mantissa > power_of_ten(17)))
      continue;  // beyond what is kept
    mantissa = mantissa * 10 + (text[at] - '0');
    if (mantissa > power_of_ten(30)) return std::nullopt;
    if (after_point) ++scale;
  }
  if (digit_count == 0 || text[at - 1] == '.') return std::nullopt;
  if (at < text.size()) {
    int exponent = 0;
    const std::size_t sign = text[at + 1 < text.size() ? at + 1 : at] == '+' ? 2 : 1;
    const auto [end, error] =
        std::from_chars(text.data() + at + sign, text.data() + text.size(), exponent);
    if (error != std::errc{} || end != text.data() + text.size() || exponent > 100 ||
        exponent < -100) {
      return std::nullopt;
    }
    scale -= exponent;
  }
  for (; scale < 0 && mantissa <= INT64_MAX; ++scale) mantissa *= 10;
  for (; scale > kScaleMax && mantissa != 0; --scale) mantissa /= 10;
  if (mantissa == 0) scale = std::clamp(scale, 0, kScaleMax);
  for (; mantissa > INT64_MAX && scale > 0; --scale) mantissa /= 10;
  if (mantissa > INT64_MAX || scale < 0) return std::nullopt;
  const auto magnitude = static_cast<std::int64_t>(mantissa);
  return Decimal{negative ? -magnitude : magnitude, static_cast<std::uint8_t>(scale)};
}

}  // namespace metergate
