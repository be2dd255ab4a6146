// Changes of the directory: checks, then one batch with its audit record.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "base/nearest.h"
#include "service/shared/faults.h"
#include "service/shared/text_rules.h"
#include "service/tenants/directory.h"
#include "service/tenants/limit_shapes.h"
#include "service/tenants/limits_override.h"

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
                       {"limits_override", to_json(record.subscription.own_limits())}});
}

// Tells the later caller what to do, instead of which revision was expected.
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
  if (patch.own_limits || !patch.reason.empty()) check_reason(patch.reason, faults);
  return faults.result();
}

bool is_same(const Tenant& a, const Tenant& b) { return a.name == b.name && a.status == b.status; }

Json priced_json(const Subscription& subscription, const Terms& terms) {
  return Json::object({{"plan", terms.plan},
                       {"limits", limits_json(terms.limits)},
                       {"limits_override", to_json(subscription.own_limits())}});
}

}  // namespace

// A limit of a meter that does not exist would have no effect.
Result<> Directory::check_meters(const LimitsOverride& own) const {
  Faults faults;
  const std::vector<Plan> plans = catalog_.offered();
  const auto check = [&](const std::string& slug, const std::string& place) -> Result<> {
    const bool is_planned = std::ranges::any_of(plans, [&](const Plan& plan) {
      return std::ranges::find(plan.own, slug, &OwnTerm::meter) != plan.own.end();
    });
    if (is_planned || TRY(store_.get(Collection::meters, {"", slug}))) return {};
    std::vector<std::string_view> known;
    if (place.ends_with(".effects.")) {
      for (const MeterRow& row : kMeters) known.push_back(row.name);
    }
    for (const Plan& plan : plans) {
      for (const OwnTerm& term : plan.own) known.push_back(term.meter);
    }
    faults.add(place + slug, "there is no such meter; define it first (POST /api/v1/meters)" +
                                 did_you_mean(slug, known));
    return {};
  };
  for (const auto& [slug, limit] : own.own_meters) TRY(check(slug, "limits_override.meters."));
  for (const auto& [name, effect] : own.effects) {
    if (!find_meter(name)) TRY(check(name, "limits_override.effects."));
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
  record->subscription =
      Subscription{wanted.id, "active", {PlanSpan{wanted.plan, batch.at}}, {}, batch.at};
  if (wanted.own_limits != LimitsOverride{})
    record->subscription.limits_history.push_back({wanted.own_limits, batch.at});
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

Result<TenantRecord> Directory::patched(const TenantRecord& current,
                                        const TenantPatch& patch) const {
  TRY(check_patch(patch));
  if (patch.own_limits) TRY(check_meters(*patch.own_limits));
  TenantRecord record = current;
  if (patch.name) record.tenant.name = *patch.name;
  if (patch.status) record.tenant.status = record.subscription.status = *patch.status;
  if (!patch.own_limits || *patch.own_limits == current.subscription.own_limits()) return record;
  Faults faults;
  if (current.subscription.limits_history.size() >= kLimitsChangesMax) {
    faults.add("limits_override",
               fmt::format("a tenant's own limits can be changed {} times", kLimitsChangesMax));
  }
  TRY(faults.result());
  record.subscription.hold_to(*patch.own_limits, clock_.now());
  return record;
}

Result<Subscription> Directory::subscription_after(const TenantId& id,
                                                   const TenantPatch& patch) const {
  const std::shared_ptr<const TenantRecord> current = TRY(get(id));
  return TRY(patched(*current, patch)).subscription;
}

Result<Tenant> Directory::change(const TenantId& id, const TenantPatch& patch, const Actor& actor) {
  const std::shared_lock changing{renewing_};
  const std::shared_ptr<const TenantRecord> current = TRY(get(id));
  auto record = std::make_shared<TenantRecord>(TRY(patched(*current, patch)));
  const bool has_new_limits =
      record->subscription.own_limits() != current->subscription.own_limits();
  const bool has_new_status = record->subscription.status != current->subscription.status;
  const Changed changed{!is_same(record->tenant, current->tenant),
                        has_new_limits || has_new_status};
  if (!changed.tenant && !changed.subscription) return current->tenant;

  Batch batch;
  batch.at = clock_.now();
  AuditRecord audit = audit_of(actor, "tenant.updated", batch.at);
  audit.tenant_id = id.text();
  audit.reason = patch.reason;
  audit.before = summary(*current);
  audit.after = summary(*record);
  batch.audits.push_back(std::move(audit));
  const Result<> written = write(record, changed, std::move(batch));
  if (!written) return explain(id, written.error());
  return record->tenant;
}

Result<Subscription> Directory::subscription_after(const PlanChange& change) const {
  const std::shared_ptr<const TenantRecord> current = TRY(get(change.tenant));
  return moved(current->subscription, change);
}

Result<Subscription> Directory::moved(const Subscription& current, const PlanChange& change) const {
  TRY(catalog_.check_offered(change.plan));
  Faults faults;
  if (current.plan() == change.plan) {
    faults.add("plan", fmt::format("the tenant is on plan '{}' already", change.plan));
  }
  check_reason(change.reason, faults);
  if (current.history.size() > kPlanChangesMax) {
    faults.add("plan", fmt::format("a tenant's plan can be changed {} times", kPlanChangesMax));
  }
  TRY(faults.result());
  Subscription after = current;
  after.move_to(change.plan, clock_.now());
  if (change.drops_limits && after.own_limits() != LimitsOverride{})
    after.hold_to({}, clock_.now());
  return after;
}

std::vector<std::string> Directory::warnings_of(const Subscription& subscription,
                                                Timestamp at) const {
  std::vector<std::string> warnings;
  const auto plans = catalog_.plans();
  const Result<InForce> held = in_force_at(subscription, *plans, at);
  if (!held) return warnings;
  const auto warn = [&](std::string_view name, const std::string& own, const std::string& planned) {
    warnings.push_back(fmt::format(
        "the tenant's own limit of {} for {} still holds and lies below that of plan '{}', {}; "
        "\"limits_override\": \"drop\" removes it",
        own, name, held->plan.name, planned));
  };
  for (const MeterRow& row : kMeters) {
    const std::optional<Limit>& own = held->own_limits[row.meter];
    const std::optional<std::int64_t>& planned = held->plan.limits[row.meter].units;
    if (!own || !own->units || (planned && *planned <= *own->units)) continue;
    warn(row.limit_name, to_text(to_display(row.meter, *own->units)),
         planned ? to_text(to_display(row.meter, *planned)) : "unlimited");
  }
  for (const OwnTerm& term : held->plan.own) {
    const auto own = held->own_limits.own_meters.find(term.meter);
    if (own == held->own_limits.own_meters.end() || !own->second) continue;
    if (term.limit && *term.limit <= *own->second) continue;
    warn(term.meter, to_text(own->second->shown()),
         term.limit ? to_text(term.limit->shown()) : "unlimited");
  }
  return warnings;
}

Result<PlanChanged> Directory::change_plan(const PlanChange& change, const Actor& actor,
                                           const Extra& extra) {
  const std::shared_lock changing{renewing_};
  const std::shared_ptr<const TenantRecord> current = TRY(get(change.tenant));
  auto record = std::make_shared<TenantRecord>(*current);
  record->subscription = TRY(moved(current->subscription, change));

  Batch batch;
  batch.at = clock_.now();
  const auto plans = catalog_.plans();
  const Window ever{Timestamp{}, kTimestampMax};
  const Subscription& before = current->subscription;
  const Terms old_terms = TRY(terms_for(before, *plans, ever, kTimestampMax));
  PlanChanged changed{
      .tenant = change.tenant,
      .old_plan = before.plan(),
      .new_plan = change.plan,
      .new_terms = TRY(terms_for(record->subscription, *plans, ever, kTimestampMax)),
      .own_limits = record->subscription.own_limits(),
      .warnings = warnings_of(record->subscription, kTimestampMax),
      .updated_at = batch.at};
  AuditRecord audit = audit_of(actor, "subscription.plan_changed", batch.at);
  audit.tenant_id = change.tenant.text();
  audit.reason = change.reason;
  audit.before = priced_json(before, old_terms);
  audit.after = priced_json(record->subscription, changed.new_terms);
  batch.audits.push_back(std::move(audit));
  if (extra) batch.documents = TRY(extra(changed));

  const Result<> written = write(record, Changed{false, true}, std::move(batch));
  if (!written) return explain(change.tenant, written.error());
  return changed;
}

}  // namespace metergate
