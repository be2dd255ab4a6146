// Money: whole millionths of a currency's main unit. Never floating point.
//
// Amounts are rounded in this file only: by charge() or charge_quantity() once for each line item,
// and by round_to_minor_unit() once for each total, both half away from zero (rules: "Overage and
// cost"). Products are formed in 128 bits. An amount outside ±kMoneyMax is an Error, so that
// rounding and negating never overflow. Values; no threads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/decimal.h"
#include "base/result.h"
#include "domain/quantity.h"

namespace metergate {

struct Money {
  std::int64_t micros = 0;
  friend auto operator<=>(const Money&, const Money&) = default;
};

// The sum of many amounts. It may exceed kMoneyMax, so that a total over tenants never fails.
struct MoneySum {
  __extension__ __int128 micros = 0;
  MoneySum& operator+=(Money amount);
  friend bool operator==(const MoneySum&, const MoneySum&) = default;
  friend bool operator==(const MoneySum& sum, Money amount) { return sum.micros == amount.micros; }
};

// 9,000,000,000,000 main units; a whole number of minor units in every currency.
inline constexpr Money kMoneyMax{9'000'000'000'000'000'000};

// An ISO 4217 currency: its code and how many decimals its minor unit has (USD 2, JPY 0, KWD 3).
class Currency {
 public:
  // ErrorCode::invalid if the code is not in the ISO 4217 list of active codes, or has no minor
  // unit there (metals, XDR, XXX): such codes are not used for billing.
  static Result<Currency> find(std::string_view code);
  static Currency usd();
  const std::string& code() const { return code_; }
  std::uint8_t decimals() const { return decimals_; }

 private:
  Currency(std::string code, std::uint8_t decimals) : code_(std::move(code)), decimals_(decimals) {}
  std::string code_;
  std::uint8_t decimals_;
};

// A price for each `per_units` units of a meter, such as 2 USD for each 2^30 bytes. Kept as agreed,
// never divided.
struct UnitPrice {
  Money price;
  std::int64_t per_units = 1;
  friend bool operator==(const UnitPrice&, const UnitPrice&) = default;
};

// price × units ÷ per_units, rounded once to a millionth. units ≥ 0, per_units > 0.
Result<Money> charge(UnitPrice unit_price, std::int64_t units);
// per_unit × units, rounded once to a millionth, for meters of the provider's own. units ≥ 0.
Result<Money> charge_quantity(Money per_unit, Quantity units);
Result<Money> add(Money a, Money b);
Money round_to_minor_unit(Money amount, const Currency& currency);

// With exactly the currency's decimals: 48.40, or 48 for JPY. The amount must have been rounded to
// the minor unit.
Decimal to_decimal(Money amount, const Currency& currency);
// The same for a sum of amounts that were each rounded to the minor unit; nothing if the minor
// units do not fit into 64 bits.
std::optional<Decimal> to_decimal(const MoneySum& sum, const Currency& currency);
// With as many decimals as needed, at least the currency's: 0.001 for a rate of a tenth of a cent.
Decimal to_exact_decimal(Money amount, const Currency& currency);
// The amount for a number of at most six decimals; ErrorCode::invalid if it has more or does not
// fit.
Result<Money> to_money(Decimal amount);

}  // namespace metergate
