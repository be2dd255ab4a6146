#include "domain/money.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "domain/wide.h"

namespace metergate {
namespace {

constexpr std::uint8_t kMicrosDecimals = 6;

// ISO 4217, list one (active codes), by the number of decimals of the minor unit.
struct CurrencyGroup {
  std::uint8_t decimals;
  std::string_view codes;  // three letters each, followed by a space
};

constexpr std::array<CurrencyGroup, 4> kCurrencies = {{
    {2,
     "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD "
     "CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS "
     "GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD "
     "LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB "
     "PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP "
     "SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW "
     "ZWG "},
    {0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF "},
    {3, "BHD IQD JOD KWD LYD OMR TND "},
    {4, "CLF UYW "},
}};

constexpr std::size_t kCodeLength = 3;
constexpr std::size_t kCodeStride = kCodeLength + 1;

bool holds(std::string_view codes, std::string_view code) {
  for (std::size_t at = 0; at < codes.size(); at += kCodeStride)
    if (codes.substr(at, kCodeLength) == code) return true;
  return false;
}

Result<Money> within_bounds(Wide micros, std::string_view what) {
  if (micros > kMoneyMax.micros || micros < -Wide{kMoneyMax.micros}) {
    return fail(ErrorCode::invalid,
                std::string{what} + " is too large: at most 9000000000000 either way is allowed");
  }
  return Money{static_cast<std::int64_t>(micros)};
}

std::int64_t micros_per_minor_unit(const Currency& currency) {
  return static_cast<std::int64_t>(power_of_ten(kMicrosDecimals - currency.decimals()));
}

}  // namespace

Result<Currency> Currency::find(std::string_view code) {
  if (code.size() == kCodeLength) {
    for (const CurrencyGroup& group : kCurrencies)
      if (holds(group.codes, code)) return Currency{std::string{code}, group.decimals};
  }
  return fail(ErrorCode::invalid, "'" + std::string{code} +
                                      "' is not an active ISO 4217 currency code; use three "
                                      "capital letters such as USD, EUR or JPY");
}

Currency Currency::usd() { return Currency{"USD", 2}; }

Result<Money> charge(UnitPrice unit_price, std::int64_t units) {
  CHECK(units >= 0);
  CHECK(unit_price.per_units > 0);
  const Wide exact = Wide{unit_price.price.micros} * units;
  return within_bounds(divide_rounded(exact, unit_price.per_units), "the charge");
}

Result<Money> charge_quantity(Money per_unit, Quantity units) {
  CHECK(units.billionths >= 0);
  CHECK(per_unit.micros >= 0);
  Wide product = 0;
  const bool is_over = __builtin_mul_overflow(Wide{per_unit.micros}, units.billionths, &product);
  // Room for the amount that rounding adds.
  const Wide most = std::numeric_limits<Wide>::max() - Quantity::kPerWhole;
  const Wide micros =
      is_over || product > most ? most : divide_rounded(product, Quantity::kPerWhole);
  if (micros > kMoneyMax.micros)
    return fail(ErrorCode::invalid,
                "the charge is too large: at most 9000000000000 either way is allowed");
  return Money{static_cast<std::int64_t>(micros)};
}

Result<Money> add(Money a, Money b) { return within_bounds(Wide{a.micros} + b.micros, "the sum"); }

Money round_to_minor_unit(Money amount, const Currency& currency) {
  const std::int64_t unit = micros_per_minor_unit(currency);
  return Money{saturate(divide_rounded(amount.micros, unit) * unit)};
}

Decimal to_decimal(Money amount, const Currency& currency) {
  const std::int64_t unit = micros_per_minor_unit(currency);
  return {static_cast<std::int64_t>(divide_rounded(amount.micros, unit)), currency.decimals()};
}

MoneySum& MoneySum::operator+=(Money amount) {
  micros += amount.micros;
  return *this;
}

std::optional<Decimal> to_decimal(const MoneySum& sum, const Currency& currency) {
  const auto minor = narrow(divide_rounded(sum.micros, micros_per_minor_unit(currency)));
  if (!minor) return std::nullopt;
  return Decimal{*minor, currency.decimals()};
}

Decimal to_exact_decimal(Money amount, const Currency& currency) {
  const Decimal shortest = trimmed({amount.micros, kMicrosDecimals});
  return shortest.scale >= currency.decimals()
             ? shortest
             : rescale({amount.micros, kMicrosDecimals}, currency.decimals());
}

Result<Money> to_money(Decimal amount) {
  const Decimal shortest = trimmed(amount);
  if (shortest.scale > kMicrosDecimals) {
    return fail(ErrorCode::invalid,
                "'" + to_text(amount) + "' has too many decimals: an amount has at most six");
  }
  const Wide micros = Wide{shortest.unscaled} * power_of_ten(kMicrosDecimals - shortest.scale);
  return within_bounds(micros, "'" + to_text(amount) + "'");
}

}  // namespace metergate
