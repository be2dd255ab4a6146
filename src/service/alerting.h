// Alerting: opens, updates, reopens and resolves the alerts of a tenant and period as the figures
// ask, and takes what people do with them. domain/alert.h decides; here they are read, written and
// listed.
//
// One alert of a kind for a tenant and period: its document's key says so, and every write expects
// the revision that it was decided on. What cannot be read or written of one tenant's stops no
// other's. Any thread.
#pragma once

#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/log.h"
#include "domain/alert.h"
#include "service/actor.h"
#include "service/billing.h"
#include "service/deliveries.h"
#include "service/tick.h"

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
  // is updated at most once a second, later overage waits for its next turn.
  Result<TickReport> watch_step();
  // Looks at every tenant and open period: finds whatever was missed.
  Result<TickReport> sweep();
  // Looks at one now. True: the alert was opened or changed.
  Result<bool> evaluate(const TenantPeriod& which);

  // ErrorCode::alert_not_found; conflict where it is acknowledged already, alert_already_resolved.
  Result<Json> acknowledge(const std::string& alert_id, const Actor& actor);
  // Likewise, and ErrorCode::invalid for a reason of fewer than 3 or more than 500 characters.
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
  // What a step of the watch does with an update that comes within a second of the last.
  enum class Pace : std::uint8_t { at_once, once_a_second };

  Result<bool> evaluate_at(const TenantPeriod& which, Pace pace);
  Result<bool> evaluate_once(const TenantPeriod& which, Pace pace);
  Result<bool> take_step(AlertKind kind, const Statement& now_true, Pace pace);
  Result<Known> find(AlertKind kind, const TenantPeriod& which) const;
  Result<Known> find_by_id(const std::string& alert_id) const;
  Result<Json> write_change(const PersonalChange& change, const Actor& actor);
  std::vector<TenantPeriod> take_work();
  Announced announce(std::string_view type, const Alert& alert, Batch& batch);

  Store& store_;
  const Directory& directory_;
  const Billing& billing_;
  Deliveries& deliveries_;
  const BillingRules& rules_;
  const Clock& clock_;
  std::mutex mutex_;
  std::set<TenantPeriod> waiting_;  // updates that came too soon; at most one a tenant and period
};

// The document in provider_alerts, and back. "exact" in it holds what the figures shown are made
// of; the API leaves it out.
Json to_document(const Alert& alert, const Currency& currency);
Result<Alert> alert_from(const Json& document);
Json alert_json(const Json& document);

}  // namespace metergate
