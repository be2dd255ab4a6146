// Rating: usage × terms → line items, overage, utilization, health and cost. One function for
// preview, what-if, alert, statement and report, so they can never disagree. Exact; no I/O, clock
// or state.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/decimal.h"
#include "base/result.h"
#include "domain/meter.h"
#include "domain/money.h"
#include "domain/plan.h"

namespace metergate {

// The cost of one meter, explained: overage × rate = cost.
struct LineItem {
  Meter meter = Meter::stores_count;
  std::int64_t usage = 0;                // units
  std::optional<std::int64_t> included;  // units; nothing: unlimited
  std::int64_t overage = 0;              // units, never negative
  UnitPrice rate;
  // Exact product, rounded once to a millionth; nothing: beyond kMoneyMax.
  std::optional<Money> cost;
  friend bool operator==(const LineItem&, const LineItem&) = default;
};

// The same of a meter of the provider's own.
struct OwnLineItem {
  std::string meter;
  Quantity usage;
  std::optional<Quantity> included;  // nothing: unlimited
  Quantity overage;                  // never negative
  Money rate;                        // of one unit
  std::optional<Money> cost;         // likewise
  friend bool operator==(const OwnLineItem&, const OwnLineItem&) = default;
};

// How full a limit is, exactly: usage over limit. Unlimited is 0. A limit of 0 that is not used is
// 0 too (what a plan does not include and a tenant does not use is nothing to warn about); with any
// usage it is over, and higher than every other.
struct Utilization {
  std::int64_t usage = 0;
  std::optional<std::int64_t> limit;
  // In percent, half away from zero, for display only: with one decimal, or as many as it takes to
  // show that what is over its limit is over 100. Nothing for any usage of a limit of 0.
  std::optional<Decimal> percent() const;
  friend std::strong_ordering compare(const Utilization& a, const Utilization& b);
};

enum class Health : std::uint8_t { healthy, caution, warning, critical };
std::string_view to_text(Health health);
std::optional<Health> find_health(std::string_view text);
// Of a meter of the provider's own, as near as 64 bits allow: for display and for comparing.
Utilization utilization_of(const OwnLineItem& line);

// By exact values: below 75 healthy, below 90 caution, up to and including 100 warning, above
// critical.
Health health_of(const Utilization& utilization);
Health health_of(const OwnLineItem& line);

struct Rated {
  std::vector<LineItem> lines;         // one for each meter, in the order of kMeters
  std::vector<OwnLineItem> own_lines;  // one for each of the plan's own terms, in their order
  PerMeter<Utilization> utilization;
  Meter highest = Meter::stores_count;  // with the highest utilization; the first of equals
  Health health = Health::healthy;
  bool has_overages = false;  // exactly when the health is critical
  // The sum of the lines, in a statement of its late lines too, rounded once to the minor unit;
  // nothing where that is an amount beyond kMoneyMax, and then `billing_error` says why.
  std::optional<Money> cost;
  std::string billing_error;
};

// Never fails: what a tenant used and how it stands is known even where what it owes cannot be
// said, so that one tenant's amount never stops what is told of the others (settle() holds that
// rule). `own_usage` has a quantity for each of the plan's own terms.
Rated rate(const Usage& usage, const Terms& terms, const std::vector<Quantity>& own_usage,
           const Currency& currency);
// Takes what everything comes to as the cost, rounded; or takes the reason why it comes to nothing
// that can be billed.
void settle(Rated& rated, const Result<Money>& sum, const Currency& currency);
// What a line would cost with this usage, at its own limit and rate.
Result<Money> cost_with(const LineItem& line, std::int64_t usage);
Result<Money> cost_with(const OwnLineItem& line, Quantity usage);
// The sum of the lines, not rounded; ErrorCode::invalid where a line has no cost, which is named,
// or the sum is beyond kMoneyMax.
Result<Money> sum_of_lines(const Rated& rated);
// Without meters of the provider's own.
Rated rate(const Usage& usage, const Limits& limits, const RateCard& rates,
           const Currency& currency);

}  // namespace metergate
