// The meters: what is counted, in which whole unit, and how it is named wherever it shows.
//
// One table, kMeters; everything that lists meters walks it. Units are whole: calls, records,
// bytes.
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

// Units as people read them: whole for all meters but storage, which is in GB with at most six
// decimals, half away from zero, without zeros at the end; with nine where six would show nothing
// of what is there. Nine show every byte.
Decimal to_display(Meter meter, std::int64_t units);
// Always with up to nine.
Decimal to_fine_display(Meter meter, std::int64_t units);
// The other way, exact to the unit (rounded half away from zero); nothing where it does not fit or
// is negative.
std::optional<std::int64_t> from_display(Meter meter, Decimal shown);

}  // namespace metergate
