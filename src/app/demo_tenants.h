// The demo's tenants: one table. Stores, devices and storage decide how full each plan is, so that
// it shows on any day of a month. Constants; safe from any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace metergate {

// The shares of the days of a week, Monday to Sunday.
using WeekShape = std::array<std::int64_t, 7>;

inline constexpr WeekShape kLeisureWeek = {40, 35, 45, 60, 110, 210, 200};
inline constexpr WeekShape kOfficeWeek = {120, 125, 120, 115, 110, 15, 10};
inline constexpr WeekShape kShopWeek = {80, 80, 85, 95, 125, 150, 85};

struct DemoTenantRow {
  std::string_view id;
  std::string_view name;
  std::string_view first_plan;
  std::string_view plan;  // for the last four months, if another one
  int stores;
  int devices;
  std::int64_t api_calls;      // a whole month, at present
  std::int64_t webhook_calls;  // a whole month, at present
  std::int64_t storage_bytes;  // at present
  const WeekShape* week;
  std::int64_t growth_permille;  // each month
  std::int64_t typical_us;       // of an API call
};

inline constexpr std::int64_t kTenthOfGigabyte = (std::int64_t{1} << 30) / 10;

inline constexpr std::array<DemoTenantRow, 12> kDemoTenants = {{
    // 15.2 GB, rounded up to a byte; with these figures the tenant owes 48.40.
    {"tenant_456", "Adventure Park", "basic", "basic", 6, 12, 65'000, 800, 16'320'875'725,
     &kLeisureWeek, 25, 9'000},
    {"tenant_101", "Harbour Books", "free", "free", 1, 1, 4'200, 30, 3 * kTenthOfGigabyte,
     &kShopWeek, 10, 7'000},
    {"tenant_102", "Lantern Cafe", "free", "free", 1, 2, 9'100, 60, 7 * kTenthOfGigabyte,
     &kShopWeek, 20, 8'000},
    {"tenant_123", "Miller Cinemas", "basic", "premium", 16, 41, 121'000, 1'250,
     310 * kTenthOfGigabyte, &kLeisureWeek, 60, 12'000},
    {"tenant_204", "Northern Rail Kiosks", "basic", "basic", 4, 7, 33'000, 210,
     61 * kTenthOfGigabyte, &kOfficeWeek, 15, 6'000},
    {"tenant_205", "Green Valley Markets", "basic", "basic", 3, 5, 19'500, 120,
     34 * kTenthOfGigabyte, &kShopWeek, 30, 10'000},
    {"tenant_307", "City Museums", "premium", "premium", 11, 31, 82'000, 640,
     180 * kTenthOfGigabyte, &kLeisureWeek, 8, 11'000},
    {"tenant_308", "Blue Lagoon Spas", "premium", "premium", 19, 46, 143'000, 1'500,
     402 * kTenthOfGigabyte, &kLeisureWeek, 40, 14'000},
    {"tenant_309", "Alpine Lifts", "premium", "premium", 22, 55, 176'000, 1'900,
     460 * kTenthOfGigabyte, &kLeisureWeek, 18, 9'500},
    {"tenant_410", "Metro Parking", "enterprise", "enterprise", 62, 118, 610'000, 4'400,
     900 * kTenthOfGigabyte, &kOfficeWeek, 22, 5'000},
    {"tenant_411", "Stadium Group", "enterprise", "enterprise", 38, 164, 720'000, 6'100,
     1'210 * kTenthOfGigabyte, &kLeisureWeek, 35, 8'500},
    {"tenant_512", "Corner Bakery", "free", "free", 1, 3, 6'800, 44, 4 * kTenthOfGigabyte,
     &kShopWeek, 12, 7'500},
}};

}  // namespace metergate
