// Alerts: when the over-limit alert and the billing-error alert of a tenant and period are opened,
// updated, reopened and resolved; warnings, which come earlier, are in usage_warning.h. Rules:
// "Alerts", "Overage and cost". Pure decisions from the known alert and the present statement; no
// I/O, no clock.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "domain/period.h"
#include "domain/statement.h"

namespace metergate {

enum class AlertKind : std::uint8_t {
  over_limit,     // usage is above a limit
  near_limit,     // usage is near a limit
  forecast_over,  // usage is expected to pass a limit before the period ends
  error           // a tenant's cost cannot be computed
};
struct AlertKindRow {
  AlertKind kind;
  std::string_view type;
  std::string_view severity;
  std::string_view id_prefix;
};
inline constexpr std::array<AlertKindRow, 4> kAlertKinds = {{
    {AlertKind::over_limit, "billing.over_limit", "medium", "alert-"},
    {AlertKind::near_limit, "billing.near_limit", "low", "near-"},
    {AlertKind::forecast_over, "billing.forecast_over", "low", "forecast-"},
    {AlertKind::error, "billing.error", "high", "error-"},
}};
constexpr const AlertKindRow& row_of(AlertKind kind) {
  return kAlertKinds[static_cast<std::size_t>(kind)];
}
inline constexpr std::string_view kOverLimitType = row_of(AlertKind::over_limit).type;

// The key of an alert; no two alerts have the same name.
struct AlertName {
  AlertKind kind = AlertKind::over_limit;
  TenantId tenant;
  Period period;
  std::string meter{};  // warnings only: a built-in meter's name or an own one's slug
  int threshold = 0;    // near_limit only: percent of the limit
  friend bool operator==(const AlertName&, const AlertName&) = default;
};
// The id is made from the name, so an alert is found without a search: "alert-2026-03-acme",
// "near-2026-03-75-api_calls-acme", "forecast-2026-03-api_calls-acme", "error-2026-03-acme".
std::string alert_id_of(const AlertName& name);
std::optional<AlertName> parse_alert_id(std::string_view id);

// The resolver of an alert that resolves by itself.
inline constexpr std::string_view kAlertResolver = "metergate";

enum class AlertStatus : std::uint8_t { open, acknowledged, resolved };
std::string_view to_text(AlertStatus status);
std::optional<AlertStatus> find_alert_status(std::string_view text);

struct Alert {
  AlertKind kind = AlertKind::over_limit;
  std::string alert_id;
  AlertStatus status = AlertStatus::open;
  TenantId tenant;
  std::string tenant_name;
  Period period;
  Timestamp first_seen{};
  Timestamp last_seen{};
  std::int64_t count = 1;  // how often the overage grew, the first time included
  std::optional<Timestamp> acknowledged_at;
  std::string acknowledged_by;
  std::string acknowledge_reason;  // empty: none was given
  std::optional<Timestamp> resolved_at;
  std::string resolved_by;
  std::string resolution_reason;
  std::string plan;
  std::string billing_error;           // error only
  std::string meter{};                 // warnings only: their meter
  int threshold = 0;                   // near_limit only: in percent
  std::optional<Quantity> expected;    // forecast_over only: units at the period's end
  std::optional<Day> passes_on;        // forecast_over only: the day on which the limit is passed
  std::vector<LineItem> lines;         // the meters over their limit, as last seen;
                                       // for warnings: their meter, as first seen
  std::vector<OwnLineItem> own_lines;  // the same for meters of the provider's own
  PerMeter<std::int64_t> overage_resolved{};                           // at the time of resolving
  std::vector<std::pair<std::string, Quantity>> own_overage_resolved;  // by slug; absent: 0
  Timestamp created_at{};
  Timestamp updated_at{};
};

enum class AlertStep : std::uint8_t { nothing, open, update, reopen, resolve };

// The next step of a tenant's alert for a period; `known` is empty if there is none yet.
// With overage: open if there is no alert; update an open or acknowledged one if some meter's
// overage has grown or the plan or a passed limit has changed; reopen a resolved one if some
// meter's overage has grown by at least 10 % of its limit since.
// Without overage: resolve if the plan or a passed limit has changed. Usage that merely shrinks
// does not resolve an alert: a person does.
AlertStep next_step(const std::optional<Alert>& known, const Statement& now_true);

// The same for the billing-error alert. With an error: open if there is no alert, update if the
// reason is a new one, reopen if the alert had resolved by itself; one that a person resolved stays
// resolved. Without an error: resolve.
AlertStep next_error_step(const std::optional<Alert>& known, const Statement& now_true);

// The alert after a step other than nothing. An update raises the count only if the overage has
// grown.
struct NewAlert {
  AlertKind kind = AlertKind::over_limit;
  std::string alert_id;
};
Alert after_step(AlertStep step, std::optional<Alert> known, const Statement& now_true,
                 Timestamp now, NewAlert wanted);

}  // namespace metergate
