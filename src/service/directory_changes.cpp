// The changes of the directory: checks first, then one batch with its audit record.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "service/directory.h"
#include "service/faults.h"
#include "service/limit_shapes.h"
#include "service/limits_override.h"
#include "service/text_rules.h"

namespace metergate {
namespace {

constexpr std::array<std::string_view, 2> kTenantStatuses = {"active", "suspended"};

void check_tenant_name(const std::string& name, Faults& faults) {
  if (is_name(name, kTenantNameMax)) return;
  faults.add("name", name_rule(kTenantNameMax));
}

Json summary(const TenantRecord& record) {
  return Json::object({{"name", record.tenant.name},
                       {"status", record.tenant.status},
                       {"plan", record.subscription.plan()},
                       {"limits_override", to_json(record.subscription.own_limits)}});
}

// The one who came second is told what to do, not which revision was expected.
std::unexpected<Error> explain(const TenantId& id, Error error) {
  if (error.code == ErrorCode::conflict) {
    error.message = fmt::format(
        "tenant '{}' was changed at the same time by somebody else, or the Idempotency-Key is "
        "in use: look again, then repeat the change",
        id.text());
  }
  return fail(std::move(error));
}

Result<> check_patch(const TenantPatch& patch) {
  Faults faults;
  if (!patch.name && !patch.status && !patch.own_limits) {
    faults.add("", "nothing to change: give name, status or limits_override");
  }
  if (patch.name) check_tenant_name(*patch.name, faults);
  if (patch.status && std::ranges::find(kTenantStatuses, *patch.status) == kTenantStatuses.end()) {
    faults.add("status", fmt::format("must be active or suspended, not '{}'", *patch.status));
  }
  return faults.result();
}

}  // namespace

// A limit of a meter that there is not would be one that nothing is held against.
Result<> Directory::check_meters(const LimitsOverride& own) const {
  Faults faults;
  const std::vector<Plan> plans = catalog_.offered();
  for (const auto& [slug, limit] : own.own_meters) {
    const bool is_planned = std::ranges::any_of(plans, [&](const Plan& plan) {
      return std::ranges::find(plan.own, slug, &OwnTerm::meter) != plan.own.end();
    });
    if (is_planned || TRY(store_.get(Collection::meters, {"", slug}))) continue;
    faults.add("limits_override.meters." + slug,
               "there is no such meter; define it first (POST /api/v1/meters)");
  }
  return faults.result();
}

Result<Tenant> Directory::add(const NewTenant& wanted, const Actor& actor) {
  TRY(catalog_.check_offered(wanted.plan));
  Faults faults;
  check_tenant_name(wanted.name, faults);
  TRY(faults.result());
  TRY(check_meters(wanted.own_limits));

  Batch batch;
  batch.at = clock_.now();
  auto record = std::make_shared<TenantRecord>();
  record->tenant = Tenant{wanted.id, wanted.name, "active", batch.at, 0};
  record->subscription = Subscription{
      wanted.id, "active", {PlanSpan{wanted.plan, batch.at}}, wanted.own_limits, batch.at};
  AuditRecord audit = audit_of(actor, "tenant.created", batch.at);
  audit.tenant_id = wanted.id.text();
  audit.after = summary(*record);
  batch.audits.push_back(std::move(audit));

  const Result<> written = write(record, Changed{true, true}, std::move(batch));
  if (!written && written.error().code == ErrorCode::conflict) {
    return fail(ErrorCode::duplicate,
                fmt::format("there is a tenant '{}' already", wanted.id.text()));
  }
  if (!written) return fail(written.error());
  return record->tenant;
}

Result<Tenant> Directory::change(const TenantId& id, const TenantPatch& patch, const Actor& actor) {
  const std::shared_ptr<const TenantRecord> current = TRY(get(id));
  TRY(check_patch(patch));
  if (patch.own_limits) TRY(check_meters(*patch.own_limits));
  auto record = std::make_shared<TenantRecord>(*current);
  if (patch.name) record->tenant.name = *patch.name;
  if (patch.own_limits) record->subscription.own_limits = *patch.own_limits;
  if (patch.status) record->tenant.status = record->subscription.status = *patch.status;

  Batch batch;
  batch.at = clock_.now();
  AuditRecord audit = audit_of(actor, "tenant.updated", batch.at);
  audit.tenant_id = id.text();
  audit.before = summary(*current);
  audit.after = summary(*record);
  batch.audits.push_back(std::move(audit));
  const Changed changed{patch.name || patch.status, patch.own_limits || patch.status};
  const Result<> written = write(record, changed, std::move(batch));
  if (!written) return explain(id, written.error());
  return record->tenant;
}

Result<> Directory::check_plan_change(const PlanChange& change) const {
  const std::shared_ptr<const TenantRecord> record = TRY(get(change.tenant));
  TRY(catalog_.check_offered(change.plan));
  Faults faults;
  if (record->subscription.plan() == change.plan) {
    faults.add("plan", fmt::format("the tenant is on plan '{}' already", change.plan));
  }
  check_reason(change.reason, faults);
  if (record->subscription.history.size() > kPlanChangesMax) {
    faults.add("plan", fmt::format("a tenant's plan can be changed {} times", kPlanChangesMax));
  }
  return faults.result();
}

Result<PlanChanged> Directory::change_plan(const PlanChange& change, const Actor& actor,
                                           const Extra& extra) {
  TRY(check_plan_change(change));
  const std::shared_ptr<const TenantRecord> current = TRY(get(change.tenant));
  auto record = std::make_shared<TenantRecord>(*current);
  Subscription& subscription = record->subscription;

  Batch batch;
  batch.at = clock_.now();
  // A clock that was set back must not put the new span before the one that it follows.
  const Timestamp from = std::max(batch.at, subscription.history.back().from);
  subscription.history.push_back(PlanSpan{change.plan, from});
  const auto limits_on = [&](const std::string& plan) {
    const Plan* newest = catalog_.plans()->newest(plan);
    return apply_override(newest == nullptr ? Limits{} : newest->limits, subscription.own_limits);
  };
  const std::string& old_plan = current->subscription.plan();
  const PlanChanged changed{change.tenant, old_plan, change.plan, limits_on(change.plan), batch.at};
  AuditRecord audit = audit_of(actor, "subscription.plan_changed", batch.at);
  audit.tenant_id = change.tenant.text();
  audit.reason = change.reason;
  audit.before = Json::object({{"plan", old_plan}, {"limits", limits_json(limits_on(old_plan))}});
  audit.after = Json::object({{"plan", change.plan}, {"limits", limits_json(changed.new_limits)}});
  batch.audits.push_back(std::move(audit));
  if (extra) batch.documents = TRY(extra(changed));

  const Result<> written = write(record, Changed{false, true}, std::move(batch));
  if (!written) return explain(change.tenant, written.error());
  return changed;
}

}  // namespace metergate
