// Alerting: opens, updates, reopens and resolves the alerts of a tenant and period as the figures
// require, and handles acknowledging and resolving by people. domain/alert.h and
// domain/usage_warning.h decide; this class reads, writes and lists.
//
// There is one alert of each name (AlertName), which is its document's key, and every write expects
// the revision that it was decided on. The changes of one check are one batch. A fault with one
// tenant's alert does not affect other tenants. Safe from any thread.
#pragma once

#include <array>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "domain/alert.h"
#include "domain/usage_warning.h"
#include "service/billing/billing.h"
#include "service/shared/actor.h"
#include "service/shared/tick.h"
#include "service/webhooks/deliveries.h"

namespace metergate {

inline constexpr std::array<std::string_view, 3> kAlertStatuses = {"open", "acknowledged",
                                                                   "resolved"};
inline constexpr std::array<std::string_view, 17> kAlertSorts = {
    "last_seen",       "first_seen",      "count",       "tenant_id",   "tenant_name",
    "period",          "status",          "severity",    "alert_id",    "type",
    "acknowledged_at", "acknowledged_by", "resolved_at", "resolved_by", "resolution_reason",
    "created_at",      "updated_at",
};

struct AlertQuery {
  std::string type;  // empty: any; also below
  std::string status;
  std::string severity;
  std::string tenant_id;
  std::string period;
  std::string sort = "-last_seen";
  std::int64_t page = 1;
  std::int64_t limit = 50;
};

struct AlertPage {
  std::int64_t total = 0;  // the number that match
  std::vector<Json> alerts;
};

class Alerting {
 public:
  struct Parts {
    Store& store;
    const Directory& directory;
    const Billing& billing;
    Deliveries& deliveries;  // sends alerts to webhooks of the provider and the tenant
    const BillingRules& rules;
    const Clock& clock;
  };
  explicit Alerting(const Parts& parts)
      : store_(parts.store),
        directory_(parts.directory),
        billing_(parts.billing),
        deliveries_(parts.deliveries),
        rules_(parts.rules),
        clock_(parts.clock) {}

  // Checks the tenants whose figures have changed since the last step. Runs several times a second,
  // so that an alert opens well within a second of its cause. An existing alert is updated at most
  // once a second; later overage waits for the next update. Forecasts are checked for a few tenants
  // at each step, in turn.
  Result<TickReport> watch_step();
  // Looks at the next thousand tenants and their open periods, in the order of their ids, and says
  // `more` until all have been looked at: finds alerts that were missed. One tenant's error is
  // reported at the end of the sweep. One caller at a time.
  Result<TickReport> sweep();
  // Checks one now. True if the alert was opened or changed.
  Result<bool> evaluate(const TenantPeriod& which);

  // ErrorCode::alert_not_found; conflict if it is acknowledged already; alert_already_resolved;
  // invalid for a reason of fewer than 3 or more than 500 characters. The reason may be empty.
  Result<Json> acknowledge(const std::string& alert_id, const std::string& reason,
                           const Actor& actor);
  // The same, with a required reason.
  Result<Json> resolve(const std::string& alert_id, const std::string& reason, const Actor& actor);
  Result<Json> get(const std::string& alert_id) const;
  Result<AlertPage> list(const AlertQuery& query) const;

  // The sorts that list() accepts.
  static std::vector<std::string> sorts();

 private:
  struct Known {
    std::optional<Alert> alert;
    std::int64_t revision = 0;
  };
  struct PersonalChange {
    std::string action;  // for the audit record
    std::string reason;
    Known before;
    Alert after;
  };
  // The warnings of a tenant and period, of any status, and their revisions.
  struct Warnings {
    std::vector<Alert> alerts;
    std::vector<std::int64_t> revisions;
  };
  // The changes of one check, and their announcements.
  struct Pending {
    Batch batch;
    Announced announced;
    void add(const Announced& told) { announced.insert(announced.end(), told.begin(), told.end()); }
  };
  // The handling of an update that comes within a second of the last.
  enum class Pace : std::uint8_t { at_once, once_a_second };
  enum class Ahead : std::uint8_t { left_alone, looked_at };  // the forecast
  struct Look {
    Pace pace = Pace::at_once;
    Ahead ahead = Ahead::left_alone;
  };

  // A sweep under way.
  struct Sweep {
    TenantId last;  // the last tenant looked at; empty: none yet
    std::optional<Error> first_error;
  };

  Result<bool> evaluate_at(const TenantPeriod& which, const Look& look);
  Result<bool> evaluate_once(const TenantPeriod& which, const Look& look);
  Result<std::optional<Alert>> stage_standing(AlertKind kind, const Statement& now_true, Pace pace,
                                              Pending& pending);
  Result<> stage_warnings(const Statement& now_true, const std::optional<Alert>& over_limit,
                          Ahead ahead, Pending& pending);
  Result<std::vector<MeterForecast>> forecasts_of(const Statement& now_true) const;
  Result<Known> find(const AlertName& name) const;
  Result<Warnings> find_warnings(const TenantPeriod& which) const;
  Result<Known> find_by_id(const std::string& alert_id) const;
  Result<Json> write_change(const PersonalChange& change, const Actor& actor);
  Result<> keep_overage(Alert& alert) const;
  std::vector<TenantPeriod> take_work();
  std::vector<TenantPeriod> take_ahead();
  bool is_watched(const TenantPeriod& which) const;
  Result<std::int64_t> look_ahead();
  Result<TickReport> resolve_closed();
  Announced announce(std::string_view type, const Alert& alert, Batch& batch);

  Store& store_;
  const Directory& directory_;
  const Billing& billing_;
  Deliveries& deliveries_;
  const BillingRules& rules_;
  const Clock& clock_;
  std::mutex mutex_;
  std::set<TenantPeriod> waiting_;  // updates that came too soon
  std::set<TenantPeriod> ahead_;    // tenants whose forecast is due
  Sweep sweep_;
  TenantPeriod last_ahead_;  // the last one that was checked
};

// Converts an alert to its document in provider_alerts, and back. The member "exact" holds the
// figures behind the shown ones; the API leaves it out.
Json to_document(const Alert& alert, const Currency& currency);
Result<Alert> alert_from(const Json& document);
Json alert_json(const Json& document);

}  // namespace metergate
