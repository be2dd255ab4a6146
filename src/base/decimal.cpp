#include "base/decimal.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/check.h"

namespace metergate {
namespace {

__extension__ using Wide = __int128;

constexpr std::size_t kLengthMax = 64;
constexpr int kScaleMax = 18;
constexpr int kExponentMax = 100;

Wide power_of_ten(unsigned exponent) {
  Wide power = 1;
  for (unsigned i = 0; i < exponent; ++i) power *= 10;
  return power;
}

struct Digits {
  Wide mantissa = 0;
  int scale = 0;
};

// Reads "12.50" as 1250 and 2. Decimals beyond the capacity are ignored.
std::optional<Digits> read_digits(std::string_view text) {
  const std::size_t point = std::min(text.find('.'), text.size());
  if (point == 0 || point + 1 == text.size()) return std::nullopt;
  Digits read;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (at == point) continue;
    if (text[at] < '0' || text[at] > '9') return std::nullopt;
    if (at > point && read.mantissa >= power_of_ten(29)) continue;
    read.mantissa = read.mantissa * 10 + (text[at] - '0');
    if (read.mantissa > power_of_ten(30)) return std::nullopt;
    if (at > point) ++read.scale;
  }
  return read;
}

// Reads "", "e5", "E+5" or "e-5".
std::optional<int> read_exponent(std::string_view text) {
  if (text.empty()) return 0;
  text.remove_prefix(1);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  int exponent = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), exponent);
  if (error != std::errc{} || end != text.data() + text.size() || exponent > kExponentMax)
    return std::nullopt;
  return negative ? -exponent : exponent;
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
  CHECK(scale <= kScaleMax && value.scale <= kScaleMax);
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
  if (text.size() > kLengthMax) return std::nullopt;
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const std::size_t mark = std::min(text.find_first_of("eE"), text.size());
  auto digits = read_digits(text.substr(0, mark));
  const auto exponent = read_exponent(text.substr(mark));
  if (!digits || !exponent) return std::nullopt;
  auto [mantissa, scale] = *digits;
  scale -= *exponent;
  const Wide most = negative ? -Wide{INT64_MIN} : Wide{INT64_MAX};
  if (mantissa == 0) scale = std::clamp(scale, 0, kScaleMax);
  for (; scale < 0 && mantissa <= most; ++scale) mantissa *= 10;
  for (; scale > 0 && (scale > kScaleMax || mantissa > most); --scale) mantissa /= 10;
  if (mantissa > most || scale < 0) return std::nullopt;
  return Decimal{static_cast<std::int64_t>(negative ? -mantissa : mantissa),
                 static_cast<std::uint8_t>(scale)};
}

}  // namespace metergate
