// Alerting: opens, updates, reopens and resolves the alerts of a tenant and period as the figures
// ask, and takes what people do with them. domain/alert.h and domain/usage_warning.h decide; here
// they are read, written and listed.
//
// One alert of each name (AlertName): its document's key says so, and every write expects the
// revision that it was decided on. What one look changes is one batch. What cannot be read or
// written of one tenant's stops no other's. Any thread.
#pragma once

#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/log.h"
#include "domain/alert.h"
#include "domain/usage_warning.h"
#include "service/billing/billing.h"
#include "service/shared/actor.h"
#include "service/shared/tick.h"
#include "service/webhooks/deliveries.h"

namespace metergate {

struct AlertQuery {
  std::string type;  // empty: any; likewise below
  std::string status;
  std::string severity;
  std::string tenant_id;
  std::string period;
  std::string sort = "-last_seen";
  std::int64_t page = 1;
  std::int64_t limit = 50;
};

struct AlertPage {
  std::int64_t total = 0;  // that match
  std::vector<Json> alerts;
};

class Alerting {
 public:
  struct Parts {
    Store& store;
    const Directory& directory;
    const Billing& billing;
    Deliveries& deliveries;  // alerts go out to the provider's webhooks and to the tenant's
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

  // Looks at the tenants whose figures have changed since the last step; run several times a
  // second, so that an alert opens well within a second of what caused it. An alert that is there
  // is updated at most once a second, later overage waits for its next turn. Forecasts are looked
  // at for so many tenants a step, one after another.
  Result<TickReport> watch_step();
  // Looks at every tenant and open period: finds whatever was missed.
  Result<TickReport> sweep();
  // Looks at one now. True: the alert was opened or changed.
  Result<bool> evaluate(const TenantPeriod& which);

  // ErrorCode::alert_not_found; conflict where it is acknowledged already, alert_already_resolved;
  // invalid for a reason of fewer than 3 or more than 500 characters. Empty: none is given.
  Result<Json> acknowledge(const std::string& alert_id, const std::string& reason,
                           const Actor& actor);
  // Likewise, with a reason.
  Result<Json> resolve(const std::string& alert_id, const std::string& reason, const Actor& actor);
  Result<Json> get(const std::string& alert_id) const;
  Result<AlertPage> list(const AlertQuery& query) const;

  // The sorts that list() knows.
  static std::vector<std::string> sorts();

 private:
  struct Known {
    std::optional<Alert> alert;
    std::int64_t revision = 0;
  };
  struct PersonalChange {
    std::string action;  // of the audit record
    std::string reason;
    Known before;
    Alert after;
  };
  // The warnings of a tenant and period, whatever their status, and their revisions.
  struct Warnings {
    std::vector<Alert> alerts;
    std::vector<std::int64_t> revisions;
  };
  // What a look changes, and who is told of it.
  struct Pending {
    Batch batch;
    Announced announced;
    void add(const Announced& told) { announced.insert(announced.end(), told.begin(), told.end()); }
  };
  // What a step of the watch does with an update that comes within a second of the last.
  enum class Pace : std::uint8_t { at_once, once_a_second };
  enum class Ahead : std::uint8_t { left_alone, looked_at };  // the forecast
  struct Look {
    Pace pace = Pace::at_once;
    Ahead ahead = Ahead::left_alone;
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
  Result<std::int64_t> resolve_closed();
  Announced announce(std::string_view type, const Alert& alert, Batch& batch);

  Store& store_;
  const Directory& directory_;
  const Billing& billing_;
  Deliveries& deliveries_;
  const BillingRules& rules_;
  const Clock& clock_;
  std::mutex mutex_;
  std::set<TenantPeriod> waiting_;  // updates that came too soon; at most one a tenant and period
  std::set<TenantPeriod> ahead_;    // whose forecast is to be looked at; likewise
  TenantPeriod last_ahead_;         // whose turn it was last
};

// The document in provider_alerts, and back. "exact" in it holds what the figures shown are made
// of; the API leaves it out.
Json to_document(const Alert& alert, const Currency& currency);
Result<Alert> alert_from(const Json& document);
Json alert_json(const Json& document);

}  // namespace metergate
