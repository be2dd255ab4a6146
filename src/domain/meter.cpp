#include "domain/meter.h"

#include <algorithm>

#include "domain/wide.h"

namespace metergate {
namespace {

constexpr std::uint8_t kDisplayDecimals = 6;
constexpr std::uint8_t kFineDecimals = 9;

Decimal with_decimals(Meter meter, std::int64_t units, std::uint8_t decimals) {
  const std::int64_t per_display = row_of(meter).units_per_display;
  if (per_display == 1) return {units, 0};
  const Wide scaled = divide_rounded(Wide{units} * power_of_ten(decimals), per_display);
  return trimmed({saturate(scaled), decimals});
}

}  // namespace

std::optional<Meter> find_meter(std::string_view name) {
  const auto row = std::ranges::find(kMeters, name, &MeterRow::name);
  if (row == kMeters.end()) return std::nullopt;
  return row->meter;
}

const MeterRow* find_limit_name(std::string_view name) {
  const auto* row = std::ranges::find(kMeters, name, &MeterRow::limit_name);
  return row == kMeters.end() ? nullptr : row;
}

Decimal to_display(Meter meter, std::int64_t units) {
  const Decimal usual = with_decimals(meter, units, kDisplayDecimals);
  return usual.unscaled == 0 && units != 0 ? to_fine_display(meter, units) : usual;
}

Decimal to_fine_display(Meter meter, std::int64_t units) {
  return with_decimals(meter, units, kFineDecimals);
}

std::optional<std::int64_t> from_display(Meter meter, Decimal shown) {
  if (shown.unscaled < 0) return std::nullopt;
  const Wide exact = Wide{shown.unscaled} * row_of(meter).units_per_display;
  return narrow(divide_rounded(exact, power_of_ten(shown.scale)));
}

}  // namespace metergate
