#include "service/terms/terms_changes.h"

#include <array>

#include "service/tenants/limit_shapes.h"
#include "service/tenants/limits_override.h"
#include "service/tenants/own_lines.h"

namespace metergate {
namespace {

constexpr std::array<std::string_view, 4> kShown = {"limits", "overages", "overage_cost",
                                                    "health_status"};

Json old_and_new(Json before, Json after) {
  return Json::object({{"old", std::move(before)}, {"new", std::move(after)}});
}

Json member_of(const Json& billing, std::string_view name) {
  const Json* found = billing.find(name);
  return found == nullptr ? Json() : *found;
}

Json texts_json(const std::vector<std::string>& texts) {
  Json json = Json::array();
  for (const std::string& text : texts) json.push_back(text);
  return json;
}

Json changed_json(const PlanChanged& changed) {
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

}  // namespace

Result<Json> TermsChanges::change_plan(const PlanChange& change, const Actor& actor) {
  const PlanChanged changed = TRY(parts_.directory.change_plan(change, actor));
  look_at_alert(change.tenant);
  return changed_json(changed);
}

Result<KeyedAnswer> TermsChanges::change_plan_once(const KeyedRequest& request,
                                                   const ReadChange& read, const Actor& actor) {
  Idempotency& idempotency = parts_.idempotency;
  std::optional<KeyedAnswer> kept = TRY(idempotency.find(request));
  if (kept) return *std::move(kept);
  const PlanChange change = TRY(read());
  const Directory::Extra remember =
      [&](const PlanChanged& changed) -> Result<std::vector<DocumentWrite>> {
    std::vector<DocumentWrite> writes;
    writes.push_back(TRY(idempotency.remember(request, {200, changed_json(changed)})));
    return writes;
  };
  const Result<PlanChanged> changed = parts_.directory.change_plan(change, actor, remember);
  if (changed) {
    look_at_alert(change.tenant);
    return KeyedAnswer{200, changed_json(*changed)};
  }
  // If the same request came twice at once, both get the first one's answer.
  kept = TRY(idempotency.find(request));
  if (kept) return *std::move(kept);
  return fail(changed.error());
}

Result<> TermsChanges::change_tenant(const TenantId& id, const TenantPatch& patch,
                                     const Actor& actor) {
  TRY(parts_.directory.change(id, patch, actor));
  if (patch.own_limits) look_at_alert(id);
  return {};
}

Result<Json> TermsChanges::preview(const PlanChange& change) const {
  const Directory& directory = parts_.directory;
  const Subscription after = TRY(directory.subscription_after(change));
  Json shown = Json::object({{"tenant_id", change.tenant.text()},
                             {"old_plan", TRY(directory.get(change.tenant))->subscription.plan()},
                             {"new_plan", change.plan}});
  const Json effect = TRY(effect_of(after));
  for (const auto& [name, value] : effect.as_object()) shown.set(name, value);
  shown.set("warnings", texts_json(directory.warnings_of(after, kTimestampMax)));
  shown.set("dry_run", true);
  return shown;
}

Result<Json> TermsChanges::preview(const TenantId& id, const TenantPatch& patch) const {
  const Subscription after = TRY(parts_.directory.subscription_after(id, patch));
  Json shown = TRY(effect_of(after));
  shown.set("tenant_id", id.text());
  shown.set("dry_run", true);
  return shown;
}

// { limits, overages, overage_cost, health_status, currency, limits_override }, each but the
// currency as { old, new }.
Result<Json> TermsChanges::effect_of(const Subscription& after) const {
  const Billing& billing = parts_.billing;
  const auto record = TRY(parts_.directory.get(after.tenant));
  // The members are made as in every list, so that the change does exactly what was shown.
  const Json now =
      tenant_billing_json(TRY(billing.statement(after.tenant, billing.current_period())));
  const Json then = tenant_billing_json(TRY(billing.statement_with(after)));
  Json effect = Json::object();
  for (const std::string_view name : kShown)
    effect.set(name, old_and_new(member_of(now, name), member_of(then, name)));
  effect.set("currency", parts_.rules.currency.code());
  effect.set("limits_override",
             old_and_new(to_json(record->subscription.own_limits()), to_json(after.own_limits())));
  return effect;
}

// The change itself is done: if the alert cannot be written now, the worker's next round writes it.
void TermsChanges::look_at_alert(const TenantId& tenant) {
  const Result<bool> alert = parts_.alerting.evaluate({tenant, parts_.billing.current_period()});
  if (alert) return;
  parts_.log.warn("alert.postponed",
                  {{"tenant_id", tenant.text()}, {"problem", alert.error().message}});
}

}  // namespace metergate
