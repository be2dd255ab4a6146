// The built-in meters: what each counts, its whole unit, and its names in answers.
//
// One table, kMeters; all code that lists meters walks it. Units are whole: calls, records, bytes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/decimal.h"

namespace metergate {

enum class Meter : std::uint8_t {
  stores_count,
  devices_count,
  api_calls,
  webhook_calls,
  storage_gb
};

struct MeterRow {
  Meter meter;
  std::string_view name;           // in usage, overages and line items
  std::string_view limit_name;     // in limits
  std::int64_t units_per_display;  // 2^30 bytes are shown as 1 GB
};

inline constexpr std::int64_t kBytesPerGigabyte = std::int64_t{1} << 30;

inline constexpr std::array<MeterRow, 5> kMeters = {{
    {Meter::stores_count, "stores_count", "max_stores", 1},
    {Meter::devices_count, "devices_count", "max_devices", 1},
    {Meter::api_calls, "api_calls", "max_api_calls_per_month", 1},
    {Meter::webhook_calls, "webhook_calls", "max_webhooks_per_month", 1},
    {Meter::storage_gb, "storage_gb", "max_storage_gb", kBytesPerGigabyte},
}};

constexpr const MeterRow& row_of(Meter meter) { return kMeters[static_cast<std::size_t>(meter)]; }
std::optional<Meter> find_meter(std::string_view name);
const MeterRow* find_limit_name(std::string_view name);  // "max_stores" …; null: there is none

// A value for each meter.
template <class T>
class PerMeter {
 public:
  T& operator[](Meter meter) { return values_[static_cast<std::size_t>(meter)]; }
  const T& operator[](Meter meter) const { return values_[static_cast<std::size_t>(meter)]; }
  friend bool operator==(const PerMeter&, const PerMeter&) = default;

 private:
  std::array<T, kMeters.size()> values_{};
};

using Usage = PerMeter<std::int64_t>;  // in units: storage_gb in bytes

// Units as shown to people: whole for all meters but storage, which is in GB with at most six
// decimals, rounded half away from zero, without trailing zeros; with nine decimals if six would
// show 0 for some storage. Nine decimals show every byte.
Decimal to_display(Meter meter, std::int64_t units);
// As to_display(), always with up to nine decimals.
Decimal to_fine_display(Meter meter, std::int64_t units);
// The inverse, exact to the unit (rounded half away from zero); nothing if the number is negative
// or does not fit.
std::optional<std::int64_t> from_display(Meter meter, Decimal shown);

}  // namespace metergate
