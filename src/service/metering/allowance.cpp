// The usage that a meter still allows to a tenant; see enforcement.h.
#include <fmt/format.h>

#include <algorithm>

#include "service/metering/enforcement.h"
#include "service/tenants/own_lines.h"

namespace metergate {
namespace {

// Counts restart with each period; levels do not.
bool begins_anew(Meter meter) { return meter == Meter::api_calls || meter == Meter::webhook_calls; }

std::unexpected<Error> no_meter(std::string_view name) {
  return fail(ErrorCode::not_found,
              fmt::format("there is no meter '{}'; GET /api/v1/meters lists them", name));
}

Quantity left_of(Quantity limit, Quantity used) {
  Quantity left = limit;
  left -= used;
  return std::max(left, Quantity{});
}

}  // namespace

Result<Allowance> Enforcement::allowance(const TenantId& tenant, std::string_view meter) const {
  const std::optional<Meter> built_in = find_meter(meter);
  const Timestamp now = parts_.clock.now();
  return built_in ? built_in_allowance(tenant, *built_in, now)
                  : own_allowance(tenant, std::string(meter), now);
}

bool Enforcement::holds_limits() const {
  return parts_.rules.tracking_enabled && parts_.rules.limits_enforced;
}

Result<Allowance> Enforcement::built_in_allowance(const TenantId& tenant, Meter meter,
                                                  Timestamp now) const {
  const auto record = TRY(parts_.directory.get(tenant));
  const Offer offer = TRY(find_offer(parts_.catalog, {*record, meter, now}));
  const Period period = Period::of(now, parts_.rules.zone);
  std::int64_t used = 0;
  if (meter == Meter::api_calls) {
    used = TRY(parts_.store.billable_calls(tenant, period));
  } else {
    const auto counter = TRY(parts_.store.counter(tenant, period));
    used = usage_of(counter.value_or(Counter{}), parts_.rules.storage)[meter];
  }
  Allowance allowance{.period = period, .used = to_display(meter, used)};
  if (begins_anew(meter)) allowance.resets_at = period.window(parts_.rules.zone).end;
  if (!offer.limit.units) return allowance;
  const std::int64_t limit = *offer.limit.units;
  allowance.limit = to_display(meter, limit);
  allowance.remaining = to_display(meter, std::max<std::int64_t>(0, limit - used));
  allowance.effect = offer.limit.effect;
  allowance.is_allowed = !holds_limits() || !offer.is_hard() || used < limit;
  return allowance;
}

Result<Allowance> Enforcement::own_allowance(const TenantId& tenant, const std::string& slug,
                                             Timestamp now) const {
  const auto record = TRY(parts_.directory.get(tenant));
  const auto plans = parts_.catalog.plans();
  const InForce held = TRY(in_force_at(record->subscription, *plans, now));
  const std::vector<OwnTerm> terms = apply_override(held.plan.own, held.own_limits);
  const auto named = std::ranges::find(terms, slug, &OwnTerm::meter);
  const OwnTerm term = named == terms.end() ? OwnTerm{slug, std::nullopt, {}} : *named;
  if (named == terms.end()) {
    const std::optional<Json> defined = TRY(parts_.store.get(Collection::meters, {"", slug}));
    if (!defined) return no_meter(slug);
  }
  const Period period = Period::of(now, parts_.rules.zone);
  const Quantity used = TRY(own_usage(parts_.store, tenant, {term}, period)).front();
  Allowance allowance{.period = period, .used = used.shown()};
  allowance.resets_at = period.window(parts_.rules.zone).end;
  if (!term.limit) return allowance;
  allowance.limit = term.limit->shown();
  allowance.remaining = left_of(*term.limit, used).shown();
  allowance.effect = term.effect;
  allowance.is_allowed = !holds_limits() || term.effect == LimitEffect::soft || used < *term.limit;
  return allowance;
}

}  // namespace metergate
