// The over-limit alert of a tenant and period: when one is opened, updated, reopened, resolved.
// Rules: "Alerts". Pure decisions over what is and what is known; no I/O, no clock.
#pragma once

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

inline constexpr std::string_view kOverLimitType = "billing.over_limit";
inline constexpr std::string_view kOverLimitSeverity = "medium";
// Who resolves an alert when a change of plan or limits does.
inline constexpr std::string_view kAlertResolver = "metergate";

enum class AlertStatus : std::uint8_t { open, acknowledged, resolved };
std::string_view to_text(AlertStatus status);
std::optional<AlertStatus> find_alert_status(std::string_view text);

struct Alert {
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

// The alert after a step other than nothing. An update counts only where there is more overage.
Alert after_step(AlertStep step, std::optional<Alert> known, const Statement& now_true,
                 Timestamp now, std::string new_alert_id);

}  // namespace metergate
