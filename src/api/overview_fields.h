// The answer of the overview. Constant data; any thread.
#pragma once

#include "api/billing_fields.h"

namespace metergate::api {

inline constexpr std::array<Field, 4> kTenantCountFields = {
    given("total", Kind::integer), given("with_overages", Kind::integer),
    given("by_health_status", Kind::object, kHealthCounts), given_map("by_plan", Kind::integer)};
inline constexpr Shape kTenantCounts = {.name = "TenantCounts", .fields = kTenantCountFields};
inline constexpr std::array<Field, 2> kAlertCountFields = {
    given("open", Kind::integer), given_map("open_by_severity", Kind::integer)};
inline constexpr Shape kAlertCounts = {.name = "AlertCounts", .fields = kAlertCountFields};
inline constexpr std::array<Field, 10> kTopTenantFields = {
    given("tenant_id", Kind::text),
    given("tenant_name", Kind::text),
    given("plan", Kind::text),
    given("status", kActiveOrSuspended),
    or_null(given("health_status", kHealthWords)),
    or_null(given("highest_meter", Kind::text, "the meter that is fullest")),
    or_null(given("highest_utilization_percent", Kind::number)),
    or_null(given("overage_cost", Kind::number)),
    given("currency", Kind::text),
    at_times(given("billing_error", Kind::text)),
};
inline constexpr Shape kTopTenant = {.name = "TopTenant", .fields = kTopTenantFields};
inline constexpr std::array<Field, 6> kMonthOfAllFields = {
    given("period", Kind::month),
    or_null(given("api_calls", Kind::integer)),
    or_null(given("webhook_calls", Kind::integer)),
    or_null(given("storage_gb", Kind::number)),
    or_null(given("active_tenants", Kind::integer)),
    at_times(given("archived", Kind::flag)),
};
inline constexpr Shape kMonthOfAll = {.name = "MonthOfAll", .fields = kMonthOfAllFields};
inline constexpr std::array<Field, 11> kOverviewFields = {
    given("period", Kind::month),
    given("closed", Kind::flag),
    given("tenants", Kind::object, kTenantCounts),
    given("usage", Kind::object, kUsage, "of all tenants"),
    given("total_overage_cost", Kind::number),
    given("currency", Kind::text),
    given("tenants_with_errors", Kind::integer),
    given("alerts", Kind::object, kAlertCounts),
    given("top_by_cost", Kind::list, kTopTenant),
    given("top_by_utilization", Kind::list, kTopTenant),
    given("usage_trend", Kind::list, kMonthOfAll, "13 months, the oldest first"),
};
inline constexpr Shape kOverviewShape = {.name = "Overview", .fields = kOverviewFields};

}  // namespace metergate::api
