// TermsChanges: changes of a tenant's plan and own limits, each one verb, whoever asks: the API or
// the command line. A change is written with its audit record and, if the request has a key, with
// the answer to its repetitions; then the tenant's alert is updated. Safe from any thread.
#pragma once

#include <functional>
#include <optional>

#include "base/log.h"
#include "service/alerts/alerting.h"
#include "service/billing/billing.h"
#include "service/shared/idempotency.h"
#include "service/shared/rules.h"
#include "service/tenants/directory.h"

namespace metergate {

class TermsChanges {
 public:
  struct Parts {
    Directory& directory;
    const Billing& billing;
    Alerting& alerting;
    Idempotency& idempotency;
    const BillingRules& rules;
    const Log& log;
  };
  explicit TermsChanges(const Parts& parts) : parts_(parts) {}

  // Takes effect at once, and returns the answer { tenant_id, old_plan, new_plan, new_limits,
  // limits_override, warnings, updated_at }. Errors as Directory::change_plan().
  Result<Json> change_plan(const PlanChange& change, const Actor& actor);
  // The same for a request with a key: a repetition changes nothing, is not read, and gets the
  // first one's answer. Errors also as Idempotency::find().
  using ReadChange = std::function<Result<PlanChange>()>;
  Result<KeyedAnswer> change_plan_once(const KeyedRequest& request, const ReadChange& read,
                                       const Actor& actor);
  // Changes name, status or own limits. Errors as Directory::change().
  Result<> change_tenant(const TenantId& id, const TenantPatch& patch, const Actor& actor);

  // The effect on the figures of the current period; writes nothing. Checks as the change does.
  Result<Json> preview(const PlanChange& change) const;
  Result<Json> preview(const TenantId& id, const TenantPatch& patch) const;

 private:
  Result<Json> effect_of(const Subscription& after) const;
  void look_at_alert(const TenantId& tenant);

  Parts parts_;
};

}  // namespace metergate
