// Plans: named, versioned offers with limits and a rate card; the catalogue; a tenant's
// subscription.
//
// A plan version never changes: a change of limits or rates is a new version with a later
// valid_from. Which version priced a period follows from the subscription's history. Values; no
// threads.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "base/time.h"
#include "domain/meter.h"
#include "domain/money.h"
#include "domain/token_bucket.h"

namespace metergate {

enum class LimitEffect : std::uint8_t { soft, hard };
std::string_view to_text(LimitEffect effect);
std::optional<LimitEffect> find_effect(std::string_view text);

struct Limit {
  std::optional<std::int64_t> units;  // nothing: unlimited
  LimitEffect effect = LimitEffect::soft;
  friend bool operator==(const Limit&, const Limit&) = default;
};

using Limits = PerMeter<Limit>;
using RateCard = PerMeter<UnitPrice>;  // the price of overage

// A plan's limit for a meter of the provider's own, and the price of each unit above it.
struct OwnTerm {
  std::string meter;              // its slug
  std::optional<Quantity> limit;  // nothing: unlimited
  Money rate;
  LimitEffect effect = LimitEffect::soft;
  friend bool operator==(const OwnTerm&, const OwnTerm&) = default;
};

struct Plan {
  std::string name;
  std::int64_t version = 1;
  Limits limits;
  RateCard rates;
  std::optional<RequestRate> request_rate{};  // nothing: no limit
  std::vector<OwnTerm> own;                   // by slug
  Timestamp valid_from{};
};

// A tenant's own limits; limits that it does not name are the plan's. A named limit without units
// is unlimited. Effects are kept separately, in `effects`, so that a tenant's effect can apply to
// the plan's limit too; the effect inside a Limit here is ignored.
struct LimitsOverride : PerMeter<std::optional<Limit>> {
  std::map<std::string, std::optional<Quantity>> own_meters;  // by slug
  std::map<std::string, LimitEffect, std::less<>> effects;    // by a meter's name or slug
  friend bool operator==(const LimitsOverride&, const LimitsOverride&) = default;
};
Limits apply_override(const Limits& limits, const LimitsOverride& own);
Limit apply_override(const Limit& limit, Meter meter, const LimitsOverride& own);
// For a meter that the plan does not name, usage above the tenant's own limit costs nothing.
std::vector<OwnTerm> apply_override(std::vector<OwnTerm> terms, const LimitsOverride& own);

// The plans on offer, each with all its versions, oldest first, in the order of the catalogue file.
class Catalogue {
 public:
  // Versions of one name must follow one another (1, 2, …) with rising valid_from.
  static Result<Catalogue> create(std::vector<Plan> versions);
  std::vector<std::string> names() const;
  // The names of all plans, for messages: "free, basic, premium, enterprise".
  std::string names_text() const;
  const Plan* newest(std::string_view name) const;
  // The version in force at an instant; before the first version, the first one.
  const Plan* at(std::string_view name, Timestamp instant) const;
  const std::vector<Plan>& versions() const { return versions_; }

 private:
  std::vector<Plan> versions_;
};

// The plan that a tenant has from an instant on. Oldest first, at least one; the first begins when
// the tenant was created.
struct PlanSpan {
  std::string plan;
  Timestamp from{};
};

// The own limits that a tenant has from an instant on. Oldest first; empty if it never had any.
struct OwnLimitsSpan {
  LimitsOverride limits;
  Timestamp from{};
};

struct Subscription {
  TenantId tenant;
  std::string status = "active";
  std::vector<PlanSpan> history;
  std::vector<OwnLimitsSpan> limits_history{};
  Timestamp started_at{};
  const std::string& plan() const { return history.back().plan; }
  // The plan and the own limits at an instant; before the first span, those of the first.
  const std::string& plan_at(Timestamp instant) const;
  const LimitsOverride& own_limits_at(Timestamp instant) const;
  // The present own limits.
  const LimitsOverride& own_limits() const;
  // Sets the plan, or the own limits, from an instant on. If the clock was set back, the new span
  // still follows the last one.
  void move_to(std::string plan, Timestamp from);
  void hold_to(LimitsOverride limits, Timestamp from);
};

// The plan version and the own limits that price an instant. Only in_force_at() determines them;
// both are borrowed from the catalogue and the subscription.
struct InForce {
  const Plan& plan;
  const LimitsOverride& own_limits;
};
// ErrorCode::corrupt if the catalogue lacks the plan.
Result<InForce> in_force_at(const Subscription& subscription, const Catalogue& catalogue,
                            Timestamp instant);

struct Terms {  // the limits and prices of a period
  std::string plan;
  std::int64_t plan_version = 1;
  Limits limits;
  RateCard rates;
  std::optional<RequestRate> request_rate{};
  std::vector<OwnTerm> own{};
};

// The terms of `window` at `now`: those in force at the earlier of `now` and the window's last
// instant. ErrorCode::corrupt if the catalogue lacks the plan.
Result<Terms> terms_for(const Subscription& subscription, const Catalogue& catalogue, Window window,
                        Timestamp now);

}  // namespace metergate
