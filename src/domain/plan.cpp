#include "domain/plan.h"

#include <algorithm>

namespace metergate {
namespace {

std::string label_of(const Plan& plan) {
  return "version " + std::to_string(plan.version) + " of plan '" + plan.name + "'";
}

Result<> check_amounts(const Plan& plan) {
  for (const MeterRow& row : kMeters) {
    const Limit& limit = plan.limits[row.meter];
    if (limit.units && *limit.units < 0) {
      return fail(ErrorCode::invalid, label_of(plan) + " has a negative limit for " +
                                          std::string{row.name} +
                                          "; a limit is 0 or more, or unlimited");
    }
    const UnitPrice& rate = plan.rates[row.meter];
    if (rate.price.micros < 0 || rate.per_units <= 0) {
      return fail(ErrorCode::invalid, label_of(plan) + " has a rate below 0 for " +
                                          std::string{row.name} + "; a rate is 0 or more");
    }
  }
  return {};
}

Result<> check_follows(const Plan* previous, const Plan& plan) {
  const std::int64_t wanted = previous == nullptr ? 1 : previous->version + 1;
  if (plan.version != wanted) {
    return fail(ErrorCode::invalid, label_of(plan) + " stands where version " +
                                        std::to_string(wanted) +
                                        " belongs; versions follow one another from 1");
  }
  if (previous != nullptr && plan.valid_from <= previous->valid_from) {
    return fail(ErrorCode::invalid, label_of(plan) + " is valid from " + to_text(plan.valid_from) +
                                        "; it must begin after the version before it, which is "
                                        "valid from " +
                                        to_text(previous->valid_from));
  }
  return {};
}

}  // namespace

std::string_view to_text(LimitEffect effect) {
  return effect == LimitEffect::hard ? "hard" : "soft";
}

std::optional<LimitEffect> find_effect(std::string_view text) {
  for (const LimitEffect effect : {LimitEffect::soft, LimitEffect::hard})
    if (to_text(effect) == text) return effect;
  return std::nullopt;
}

Limit apply_override(const Limit& limit, Meter meter, const LimitsOverride& own) {
  const std::optional<Limit>& named = own[meter];
  const auto effect = own.effects.find(row_of(meter).name);
  return Limit{named ? named->units : limit.units,
               effect == own.effects.end() ? limit.effect : effect->second};
}

Limits apply_override(const Limits& limits, const LimitsOverride& own) {
  Limits applied = limits;
  for (const MeterRow& row : kMeters)
    applied[row.meter] = apply_override(limits[row.meter], row.meter, own);
  return applied;
}

std::vector<OwnTerm> apply_override(std::vector<OwnTerm> terms, const LimitsOverride& own) {
  for (const auto& [meter, limit] : own.own_meters) {
    const auto at = std::ranges::lower_bound(terms, meter, {}, &OwnTerm::meter);
    if (at != terms.end() && at->meter == meter) {
      at->limit = limit;
    } else {
      terms.insert(at, OwnTerm{meter, limit, {}});
    }
  }
  for (OwnTerm& term : terms) {
    const auto effect = own.effects.find(term.meter);
    if (effect != own.effects.end()) term.effect = effect->second;
  }
  return terms;
}

Result<Catalogue> Catalogue::create(std::vector<Plan> versions) {
  if (versions.empty())
    return fail(ErrorCode::invalid, "the plan catalogue is empty; it needs at least one plan");
  Catalogue catalogue;
  for (Plan& plan : versions) {
    if (!is_id_syntax(plan.name)) {
      return fail(ErrorCode::invalid, "'" + plan.name +
                                          "' is no plan name; use 1 to 64 characters of "
                                          "A-Z a-z 0-9 . _ : - that begin with a letter or digit");
    }
    TRY(check_amounts(plan));
    const Plan* previous = catalogue.newest(plan.name);
    TRY(check_follows(previous, plan));
    // The versions of one plan are kept together, in whatever order the file has them.
    const auto place = previous == nullptr ? catalogue.versions_.end()
                                           : catalogue.versions_.begin() +
                                                 (previous - catalogue.versions_.data()) + 1;
    catalogue.versions_.insert(place, std::move(plan));
  }
  return catalogue;
}

std::vector<std::string> Catalogue::names() const {
  std::vector<std::string> names;
  for (const Plan& plan : versions_)
    if (names.empty() || names.back() != plan.name) names.push_back(plan.name);
  return names;
}

std::string Catalogue::names_text() const {
  std::string text;
  for (const std::string& name : names()) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

const Plan* Catalogue::newest(std::string_view name) const {
  const auto found = std::find_if(versions_.rbegin(), versions_.rend(),
                                  [&](const Plan& plan) { return plan.name == name; });
  return found == versions_.rend() ? nullptr : &*found;
}

const Plan* Catalogue::at(std::string_view name, Timestamp instant) const {
  const Plan* found = nullptr;
  for (const Plan& plan : versions_) {
    if (plan.name != name) continue;
    if (found == nullptr || plan.valid_from <= instant) found = &plan;
  }
  return found;
}

namespace {

// Periods of every time zone end on quarter hours, so a span within one quarter hour prices
// nothing.
using QuarterHours = std::chrono::duration<std::int64_t, std::ratio<900>>;

// The newest span that has begun by then; before the first, the first one.
template <class Span>
const Span& span_at(const std::vector<Span>& spans, Timestamp instant) {
  const Span* found = &spans.front();
  for (const Span& span : spans)
    if (span.from <= instant) found = &span;
  return *found;
}

}  // namespace

const std::string& Subscription::plan_at(Timestamp instant) const {
  return span_at(history, instant).plan;
}

const LimitsOverride& Subscription::own_limits_at(Timestamp instant) const {
  static const LimitsOverride kNone;
  return limits_history.empty() ? kNone : span_at(limits_history, instant).limits;
}

const LimitsOverride& Subscription::own_limits() const { return own_limits_at(kTimestampMax); }

void Subscription::move_to(std::string plan, Timestamp from) {
  from = std::max(from, history.back().from);
  history.push_back(PlanSpan{std::move(plan), from});
}

void Subscription::hold_to(LimitsOverride limits, Timestamp from) {
  // Before its first own limits, a tenant had none.
  if (limits_history.empty()) limits_history.push_back(OwnLimitsSpan{{}, started_at});
  const OwnLimitsSpan& newest = limits_history.back();
  from = std::max(from, newest.from);
  const bool replaces =
      limits_history.size() > 1 &&
      std::chrono::floor<QuarterHours>(newest.from) == std::chrono::floor<QuarterHours>(from);
  if (replaces) limits_history.pop_back();
  limits_history.push_back(OwnLimitsSpan{std::move(limits), from});
}

Result<InForce> in_force_at(const Subscription& subscription, const Catalogue& catalogue,
                            Timestamp instant) {
  const std::string& name = subscription.plan_at(instant);
  const Plan* plan = catalogue.at(name, instant);
  if (plan == nullptr) {
    return fail(ErrorCode::corrupt, "tenant '" + subscription.tenant.text() + "' is on plan '" +
                                        name + "', which the catalogue lacks; it has " +
                                        catalogue.names_text());
  }
  return InForce{*plan, subscription.own_limits_at(instant)};
}

Result<Terms> terms_for(const Subscription& subscription, const Catalogue& catalogue, Window window,
                        Timestamp now) {
  const Timestamp seen_at = std::min(now, window.end - Milliseconds{1});
  const InForce held = TRY(in_force_at(subscription, catalogue, seen_at));
  const Plan& plan = held.plan;
  return Terms{plan.name,  plan.version,      apply_override(plan.limits, held.own_limits),
               plan.rates, plan.request_rate, apply_override(plan.own, held.own_limits)};
}

}  // namespace metergate
