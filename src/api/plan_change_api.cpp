#include "api/plan_change_api.h"

#include "api/billing_query.h"
#include "api/terms_preview.h"
#include "service/billing/billing.h"
#include "service/shared/idempotency.h"
#include "service/tenants/directory.h"
#include "service/tenants/limit_shapes.h"
#include "service/tenants/limits_override.h"
#include "service/tenants/own_lines.h"

namespace metergate::api {
namespace {

constexpr std::size_t kPlanLengthMax = 64;

Result<PlanChange> read_change(const Call& call, const TenantId& tenant) {
  BodyReader body = TRY(BodyReader::open(call.request));
  PlanChange change;
  change.tenant = tenant;
  change.plan = body.required_text("plan", 1, kPlanLengthMax);
  change.reason = body.required_text("reason", 3, 500);
  change.drops_limits = body.optional_choice("limits_override", {"drop"}).has_value();
  TRY(body.finish());
  return change;
}

}  // namespace

Result<Json> plan_change_preview(const Services& services, const PlanChange& change) {
  const Directory& directory = services.directory;
  const Subscription after = TRY(directory.subscription_after(change));
  Json shown = Json::object({{"tenant_id", change.tenant.text()},
                             {"old_plan", TRY(directory.get(change.tenant))->subscription.plan()},
                             {"new_plan", change.plan}});
  const Json effect = TRY(terms_preview(services, after));
  for (const auto& [name, value] : effect.as_object()) shown.set(name, value);
  shown.set("warnings", texts_json(directory.warnings_of(after, kTimestampMax)));
  shown.set("dry_run", true);
  return shown;
}

Json plan_changed_json(const PlanChanged& changed) {
  Json limits = limits_json(changed.new_terms.limits);
  for (const OwnTerm& term : changed.new_terms.own)
    limits.set(term.meter, term.limit ? quantity_json(*term.limit) : Json());
  return Json::object({
      {"tenant_id", changed.tenant.text()},
      {"old_plan", changed.old_plan},
      {"new_plan", changed.new_plan},
      {"new_limits", std::move(limits)},
      {"limits_override", to_json(changed.own_limits)},
      {"warnings", texts_json(changed.warnings)},
      {"updated_at", changed.updated_at},
  });
}

namespace {

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
      writes.push_back(TRY(services.idempotency.remember(*key, {200, plan_changed_json(changed)})));
    return writes;
  };
  const PlanChanged changed = TRY(services.directory.change_plan(change, call.actor, remember));
  look_at_alert(services, change.tenant);
  return answer_of(plan_changed_json(changed));
}

Result<Answer> change_plan(Call& call) {
  const TenantId tenant = TRY(tenant_of_path(call));
  TRY(call.services.directory.get(tenant));
  QueryReader reader{call};
  const bool is_dry_run = reader.flag("dry_run").value_or(false);
  TRY(reader.finish());
  if (is_dry_run) {
    const PlanChange change = TRY(read_change(call, tenant));
    return answer_of(TRY(plan_change_preview(call.services, change)));
  }
  const std::optional<KeyedRequest> key = keyed(call);
  if (key) {
    std::optional<KeyedAnswer> kept = TRY(call.services.idempotency.find(*key));
    if (kept) return answer_of(std::move(kept->data), kept->status);
  }
  const PlanChange change = TRY(read_change(call, tenant));
  Result<Answer> answer = change_now(call, change, key);
  if (answer || !key) return answer;
  // If the same request came twice at once, both get the first one's answer.
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
