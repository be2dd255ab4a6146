// Alerts: what one is, and when the over-limit alert of a tenant and period is opened, updated,
// reopened, resolved; the warnings that come before it are in usage_warning.h. Rules: "Alerts".
// Pure decisions over what is and what is known; no I/O, no clock.
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

enum class AlertKind : std::uint8_t { over_limit, near_limit, forecast_over };
struct AlertKindRow {
  AlertKind kind;
  std::string_view type;
  std::string_view severity;
  std::string_view id_prefix;
};
inline constexpr std::array<AlertKindRow, 3> kAlertKinds = {{
    {AlertKind::over_limit, "billing.over_limit", "medium", "alert-"},
    {AlertKind::near_limit, "billing.near_limit", "low", "near-"},
    {AlertKind::forecast_over, "billing.forecast_over", "low", "forecast-"},
}};
constexpr const AlertKindRow& row_of(AlertKind kind) {
  return kAlertKinds[static_cast<std::size_t>(kind)];
}
inline constexpr std::string_view kOverLimitType = row_of(AlertKind::over_limit).type;

// Which alert it is: there is one of each name.
struct AlertName {
  AlertKind kind = AlertKind::over_limit;
  TenantId tenant;
  Period period;
  std::string meter{};  // of a warning: a built-in meter's name or an own one's slug
  int threshold = 0;    // of near_limit: percent of the limit
  friend bool operator==(const AlertName&, const AlertName&) = default;
};
// The id says which alert it is, so that it is found without a search: "alert-2026-03-acme",
// "near-2026-03-75-api_calls-acme", "forecast-2026-03-api_calls-acme".
std::string alert_id_of(const AlertName& name);
std::optional<AlertName> parse_alert_id(std::string_view id);

// Who resolves an alert where no person does.
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
  std::int64_t count = 1;  // how often more overage was seen, the first time included
  std::optional<Timestamp> acknowledged_at;
  std::string acknowledged_by;
  std::string acknowledge_reason;  // empty: none was given
  std::optional<Timestamp> resolved_at;
  std::string resolved_by;
  std::string resolution_reason;
  std::string plan;
  std::string meter{};                        // of a warning: the one that it is about
  int threshold = 0;                          // of near_limit, in percent
  std::optional<Quantity> expected;           // of forecast_over: units at the period's end
  std::optional<Day> passes_on;               // likewise: the day on which the limit will be passed
  std::vector<LineItem> lines;                // of the meters over their limit, as last seen; of a
                                              // warning: of its meter, as it was first seen
  std::vector<OwnLineItem> own_lines;         // likewise, of meters of the provider's own
  PerMeter<std::int64_t> overage_resolved{};  // at the time of resolving
  std::vector<std::pair<std::string, Quantity>> own_overage_resolved;  // by slug; absent: 0
  Timestamp created_at{};
  Timestamp updated_at{};
};

enum class AlertStep : std::uint8_t { nothing, open, update, reopen, resolve };

// What the figures ask of the alert of their tenant and period (or of none yet):
// over and none: open. Over and open or acknowledged: update, where some meter's overage is more
// than last seen or the plan or a limit that was passed has changed. Over and resolved, with some
// meter's overage grown by at least 10 % of its limit since: reopen. Over nothing any more, and the
// plan or a limit that was passed has changed: resolve. Usage that shrinks by itself resolves
// nothing: a person looks at it.
AlertStep next_step(const std::optional<Alert>& known, const Statement& now_true);

// The alert after a step other than nothing. An update counts only where there is more overage.
Alert after_step(AlertStep step, std::optional<Alert> known, const Statement& now_true,
                 Timestamp now, std::string new_alert_id);

}  // namespace metergate
