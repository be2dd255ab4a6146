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

Limit apply_override(const Limit& limit, const std::optional<Limit>& own) {
  if (!own) return limit;
  const bool is_hard = limit.effect == LimitEffect::hard || own->effect == LimitEffect::hard;
  return Limit{own->units, is_hard ? LimitEffect::hard : LimitEffect::soft};
}

Limits apply_override(const Limits& limits, const LimitsOverride& own) {
  Limits applied = limits;
  for (const MeterRow& row : kMeters)
    applied[row.meter] = apply_override(limits[row.meter], own[row.meter]);
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
    // Versions of one plan stand side by side, wherever the file has them.
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

const std::string& Subscription::plan_at(Timestamp instant) const {
  const PlanSpan* found = &history.front();
  for (const PlanSpan& span : history)
    if (span.from <= instant) found = &span;
  return found->plan;
}

Result<Terms> terms_for(const Subscription& subscription, const Catalogue& catalogue, Window window,
                        Timestamp now) {
  const Timestamp seen_at = std::min(now, window.end - Milliseconds{1});
  const std::string& name = subscription.plan_at(seen_at);
  const Plan* plan = catalogue.at(name, seen_at);
  if (plan == nullptr) {
    return fail(ErrorCode::corrupt, "tenant '" + subscription.tenant.text() + "' is on plan '" +
                                        name + "', which the catalogue lacks; it has " +
                                        catalogue.names_text());
  }
  return Terms{
      plan->name,  plan->version,      apply_override(plan->limits, subscription.own_limits),
      plan->rates, plan->request_rate, apply_override(plan->own, subscription.own_limits)};
}

}  // namespace metergate
