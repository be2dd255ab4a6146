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

// What a plan includes of a meter of the provider's own, and the price of each unit above.
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
  std::optional<RequestRate> request_rate{};  // nothing: as many as come
  std::vector<OwnTerm> own;                   // by slug
  Timestamp valid_from{};
};

// A tenant's own limits; what is not named is the plan's. Named with no units: unlimited for this
// tenant. Whether a limit is hard is said apart, in `effects`, so that it can be said of the plan's
// own limit too; what a Limit here says of it is not looked at.
struct LimitsOverride : PerMeter<std::optional<Limit>> {
  std::map<std::string, std::optional<Quantity>> own_meters;  // by slug
  std::map<std::string, LimitEffect, std::less<>> effects;    // by a meter's name or slug
  friend bool operator==(const LimitsOverride&, const LimitsOverride&) = default;
};
Limits apply_override(const Limits& limits, const LimitsOverride& own);
Limit apply_override(const Limit& limit, Meter meter, const LimitsOverride& own);
// Of a meter that the plan does not name, what lies above the tenant's own limit costs nothing.
std::vector<OwnTerm> apply_override(std::vector<OwnTerm> terms, const LimitsOverride& own);

// The plans on offer, each with all its versions, oldest first, in the order of the catalogue file.
class Catalogue {
 public:
  // Versions of one name must follow one another (1, 2, …) with rising valid_from.
  static Result<Catalogue> create(std::vector<Plan> versions);
  std::vector<std::string> names() const;
  // Which names there are, for a person: "free, basic, premium, enterprise".
  std::string names_text() const;
  const Plan* newest(std::string_view name) const;
  // The version in force at an instant; before the first, the first.
  const Plan* at(std::string_view name, Timestamp instant) const;
  const std::vector<Plan>& versions() const { return versions_; }

 private:
  std::vector<Plan> versions_;
};

// From when a tenant had which plan. Oldest first, at least one, the first from the tenant's
// creation.
struct PlanSpan {
  std::string plan;
  Timestamp from{};
};

// From when a tenant had which limits of its own. Oldest first; none: never any.
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
  // The plan at an instant, and the tenant's own limits; before the first span, the first.
  const std::string& plan_at(Timestamp instant) const;
  const LimitsOverride& own_limits_at(Timestamp instant) const;
  // The newest ones, which hold now.
  const LimitsOverride& own_limits() const;
  // The plan, or the tenant's own limits, from an instant on; a clock that was set back does not
  // put a span before the one that it follows.
  void move_to(std::string plan, Timestamp from);
  void hold_to(LimitsOverride limits, Timestamp from);
};

// What an instant is priced with: the version of the plan, and the tenant's own limits. The one
// place where that is found; both are loans of the catalogue and the subscription.
struct InForce {
  const Plan& plan;
  const LimitsOverride& own_limits;
};
// ErrorCode::corrupt where the catalogue lacks the plan.
Result<InForce> in_force_at(const Subscription& subscription, const Catalogue& catalogue,
                            Timestamp instant);

struct Terms {  // what a period is held against and priced with
  std::string plan;
  std::int64_t plan_version = 1;
  Limits limits;
  RateCard rates;
  std::optional<RequestRate> request_rate{};
  std::vector<OwnTerm> own{};
};

// The terms of `window` seen at `now`: those in force at the earlier of now and the window's last
// instant. ErrorCode::corrupt where the catalogue lacks the plan.
Result<Terms> terms_for(const Subscription& subscription, const Catalogue& catalogue, Window window,
                        Timestamp now);

}  // namespace metergate
