#include "base/exact_number.h"

#include <algorithm>

namespace metergate {
namespace {

// A bound on exponents. All larger ones are treated alike, since no such number can be counted.
constexpr std::int64_t kPowerMax = 1'000'000'000'000;
constexpr std::int64_t kScaledDigitsMax = 30;

bool is_decimal_digit(char c) { return c >= '0' && c <= '9'; }

// Reads "e5", "E+5" or "e-5".
std::optional<std::int64_t> read_power(std::string_view text) {
  text.remove_prefix(1);
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || !std::ranges::all_of(text, is_decimal_digit)) return std::nullopt;
  std::int64_t exponent = 0;
  for (const char c : text) exponent = std::min(kPowerMax, exponent * 10 + (c - '0'));
  return is_negative ? -exponent : exponent;
}

std::string without_zeros_at_the_end(std::string digits) {
  while (!digits.empty() && digits.back() == '0') digits.pop_back();
  return digits;
}

}  // namespace

std::optional<ExactNumber> ExactNumber::parse(std::string_view text) {
  ExactNumber number;
  number.is_negative = text.starts_with('-');
  if (number.is_negative) text.remove_prefix(1);
  const std::size_t mark = std::min(text.find_first_of("eE"), text.size());
  if (mark < text.size()) {
    const auto exponent = read_power(text.substr(mark));
    if (!exponent) return std::nullopt;
    number.exponent = *exponent;
  }
  const std::string_view mantissa = text.substr(0, mark);
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  const std::string_view whole = mantissa.substr(0, point);
  const std::string_view part = mantissa.substr(std::min(point + 1, mantissa.size()));
  const bool has_part = point < mantissa.size();
  if (whole.empty() || has_part == part.empty() || !std::ranges::all_of(whole, is_decimal_digit) ||
      !std::ranges::all_of(part, is_decimal_digit))
    return std::nullopt;
  number.digits.append(whole).append(part);
  number.exponent += static_cast<std::int64_t>(whole.size());
  const std::size_t first = std::min(number.digits.find_first_not_of('0'), number.digits.size());
  number.digits.erase(0, first);
  number.exponent -= static_cast<std::int64_t>(first);
  number.digits = without_zeros_at_the_end(std::move(number.digits));
  if (number.digits.empty()) return ExactNumber{};
  return number;
}

std::strong_ordering compare(const ExactNumber& a, const ExactNumber& b) {
  const auto sign_of = [](const ExactNumber& number) {
    return number.digits.empty() ? 0 : number.is_negative ? -1 : 1;
  };
  if (const auto by_sign = sign_of(a) <=> sign_of(b); by_sign != 0) return by_sign;
  const ExactNumber& less = a.is_negative ? b : a;
  const ExactNumber& more = a.is_negative ? a : b;
  const auto by_exponent = less.exponent <=> more.exponent;
  return by_exponent != 0 ? by_exponent : less.digits <=> more.digits;
}

std::string to_text(const ExactNumber& number) {
  if (number.digits.empty()) return "0";
  return (number.is_negative ? "-0." : "0.") + number.digits + "e" +
         std::to_string(number.exponent);
}

std::optional<ScaledNumber> scaled(const ExactNumber& number, unsigned decimals) {
  if (number.digits.empty()) return 0;
  const std::int64_t kept = number.exponent + static_cast<std::int64_t>(decimals);
  if (kept > kScaledDigitsMax) return std::nullopt;
  if (kept < 0) return 0;
  const auto count = static_cast<std::size_t>(kept);
  ScaledNumber value = 0;
  for (std::size_t i = 0; i < count; ++i)
    value = value * 10 + (i < number.digits.size() ? number.digits[i] - '0' : 0);
  if (count < number.digits.size() && number.digits[count] >= '5') ++value;
  return number.is_negative ? -value : value;
}

}  // namespace metergate
