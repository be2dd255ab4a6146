#include "api/plan_change_api.h"

#include "api/billing_query.h"
#include "service/alerting.h"
#include "service/directory.h"
#include "service/idempotency.h"
#include "service/limit_shapes.h"

namespace metergate::api {
namespace {

constexpr std::size_t kPlanLengthMax = 64;

Result<PlanChange> read_change(const Call& call, const TenantId& tenant) {
  BodyReader body = TRY(BodyReader::open(call.request));
  PlanChange change;
  change.tenant = tenant;
  change.plan = body.required_text("plan", 1, kPlanLengthMax);
  change.reason = body.required_text("reason", 3, 500);
  TRY(body.finish());
  return change;
}

Json old_and_new(Json before, Json after) {
  return Json::object({{"old", std::move(before)}, {"new", std::move(after)}});
}

// What the change would do to the figures of the current period; writes nothing.
Result<Json> preview(const Call& call, const PlanChange& change) {
  const Services& services = call.services;
  TRY(services.directory.check_plan_change(change));
  const Billing& billing = services.billing;
  const Statement before = TRY(billing.statement(change.tenant, billing.current_period()));
  const Statement after = TRY(billing.statement_on_plan(change.tenant, change.plan));
  const Currency& currency = services.rules.currency;
  return Json::object({
      {"tenant_id", change.tenant.text()},
      {"old_plan", before.terms.plan},
      {"new_plan", after.terms.plan},
      {"limits", old_and_new(limits_json(before.terms.limits), limits_json(after.terms.limits))},
      {"overages", old_and_new(overages_json(before), overages_json(after))},
      {"overage_cost",
       old_and_new(cost_json(before.rated.cost, currency), cost_json(after.rated.cost, currency))},
      {"currency", currency.code()},
      {"health_status", old_and_new(to_text(before.rated.health), to_text(after.rated.health))},
      {"dry_run", true},
  });
}

Json changed_json(const PlanChanged& changed) {
  return Json::object({
      {"tenant_id", changed.tenant.text()},
      {"old_plan", changed.old_plan},
      {"new_plan", changed.new_plan},
      {"new_limits", limits_json(changed.new_limits)},
      {"updated_at", changed.updated_at},
  });
}

std::optional<KeyedRequest> keyed(const Call& call) {
  std::optional<std::string> key = call.request.header("idempotency-key");
  if (!key) return std::nullopt;
  return KeyedRequest{call.caller->actor(), "POST " + call.request.path, *std::move(key),
                      call.request.body};
}

Result<Answer> change_now(Call& call, const PlanChange& change,
                          const std::optional<KeyedRequest>& key) {
  Services& services = call.services;
  const Directory::Extra remember =
      [&](const PlanChanged& changed) -> Result<std::vector<DocumentWrite>> {
    std::vector<DocumentWrite> writes;
    if (key)
      writes.push_back(TRY(services.idempotency.remember(*key, {200, changed_json(changed)})));
    return writes;
  };
  const PlanChanged changed = TRY(services.directory.change_plan(change, call.actor, remember));
  // What the new limits mean for the alert shows at once. The change itself is done; where the
  // alert cannot be written now, the worker's next round does it.
  const Result<bool> alert =
      services.alerting.evaluate({change.tenant, services.billing.current_period()});
  if (!alert) {
    services.log.warn("alert.postponed",
                      {{"tenant_id", change.tenant.text()}, {"problem", alert.error().message}});
  }
  return answer_of(changed_json(changed));
}

Result<Answer> change_plan(Call& call) {
  const TenantId tenant = TRY(tenant_of_path(call));
  TRY(call.services.directory.get(tenant));
  QueryReader reader{call};
  const bool is_dry_run = reader.flag("dry_run").value_or(false);
  TRY(reader.finish());
  if (is_dry_run) {
    const PlanChange change = TRY(read_change(call, tenant));
    return answer_of(TRY(preview(call, change)));
  }
  const std::optional<KeyedRequest> key = keyed(call);
  if (key) {
    std::optional<KeyedAnswer> kept = TRY(call.services.idempotency.find(*key));
    if (kept) return answer_of(std::move(kept->data), kept->status);
  }
  const PlanChange change = TRY(read_change(call, tenant));
  Result<Answer> answer = change_now(call, change, key);
  if (answer || !key) return answer;
  // The same request may have come twice at once: then the other one's answer is this one's too.
  std::optional<KeyedAnswer> kept = TRY(call.services.idempotency.find(*key));
  if (kept) return answer_of(std::move(kept->data), kept->status);
  return answer;
}

}  // namespace

Route plan_change_route() {
  return {"POST",
          "/provider/billing/tenants/{tenant_id}/plan",
          provider_with(Permission::billing_update),
          change_plan,
          {"dry_run"},
          false,
          "Change a tenant's plan, or show what a change would do"};
}

}  // namespace metergate::api
