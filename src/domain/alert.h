// The alerts of a tenant and period, one of each kind: when one is opened, updated, reopened,
// resolved. Rules: "Alerts", "Overage and cost". Pure decisions over what is and what is known; no
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
  over_limit,  // usage lies above a limit
  error        // what the tenant owes cannot be made
};

struct AlertKindRow {
  AlertKind kind;
  std::string_view type;
  std::string_view severity;
  std::string_view id_prefix;  // before the period and the tenant
};

// No period begins like what one prefix has beyond another.
inline constexpr std::array<AlertKindRow, 2> kAlertKinds = {{
    {AlertKind::over_limit, "billing.over_limit", "medium", "alert-"},
    {AlertKind::error, "billing.error", "high", "alert-error-"},
}};

constexpr const AlertKindRow& row_of(AlertKind kind) {
  return kAlertKinds[static_cast<std::size_t>(kind)];
}
const AlertKindRow* find_alert_type(std::string_view type);  // nullptr: there is none

// Who resolves an alert when a change of plan or limits does.
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
  std::optional<Timestamp> resolved_at;
  std::string resolved_by;
  std::string resolution_reason;
  std::string plan;
  std::string billing_error;                  // of an error's
  std::vector<LineItem> lines;                // of the meters over their limit, as last seen
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

// The same of the alert of a billing error: with one and none known: open. Known, and the reason is
// another one now: update. Gone: resolve. One that came back after it had resolved by itself:
// reopen; what a person resolved stays so.
AlertStep next_error_step(const std::optional<Alert>& known, const Statement& now_true);

// The alert after a step other than nothing. An update counts only where there is more overage.
struct NewAlert {
  AlertKind kind = AlertKind::over_limit;
  std::string alert_id;
};
Alert after_step(AlertStep step, std::optional<Alert> known, const Statement& now_true,
                 Timestamp now, NewAlert wanted);

}  // namespace metergate
