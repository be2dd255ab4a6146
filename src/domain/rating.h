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

// The cost of one meter: overage × rate = cost.
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

// The same for a meter of the provider's own.
struct OwnLineItem {
  std::string meter;
  Quantity usage;
  std::optional<Quantity> included;  // nothing: unlimited
  Quantity overage;                  // never negative
  Money rate;                        // price of one unit
  std::optional<Money> cost;         // as above
  friend bool operator==(const OwnLineItem&, const OwnLineItem&) = default;
};

// How full a limit is, exactly: usage over limit. Unlimited counts as 0, and so does an unused
// limit of 0 (usage that is neither included nor present needs no warning). A limit of 0 with any
// usage is above every other value.
struct Utilization {
  std::int64_t usage = 0;
  std::optional<std::int64_t> limit;
  // In percent, rounded half away from zero, for display only: with one decimal, or as many as it
  // takes to show that a passed limit is above 100. Nothing for usage of a limit of 0.
  std::optional<Decimal> percent() const;
  friend std::strong_ordering compare(const Utilization& a, const Utilization& b);
};

enum class Health : std::uint8_t { healthy, caution, warning, critical };
std::string_view to_text(Health health);
std::optional<Health> find_health(std::string_view text);
// For a meter of the provider's own, as exact as 64 bits allow: for display and comparison.
Utilization utilization_of(const OwnLineItem& line);

// Decided on exact values: below 75 healthy, below 90 caution, up to 100 warning, above it
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
  // The sum of the lines (in a statement also of its late lines), rounded once to the minor unit.
  // Nothing if the amount is beyond kMoneyMax; `billing_error` then gives the reason.
  std::optional<Money> cost;
  std::string billing_error;
};

// Never fails: usage and health are known even if the cost cannot be computed, so that one tenant's
// amount never stops the answers about others (settle() handles that case). `own_usage` has a
// quantity for each of the plan's own terms.
Rated rate(const Usage& usage, const Terms& terms, const std::vector<Quantity>& own_usage,
           const Currency& currency);
// Sets the cost to the rounded sum, or the billing error to the reason why there is no sum.
void settle(Rated& rated, const Result<Money>& sum, const Currency& currency);
// The line's cost for this usage, at the line's limit and rate.
Result<Money> cost_with(const LineItem& line, std::int64_t usage);
Result<Money> cost_with(const OwnLineItem& line, Quantity usage);
// The unrounded sum of the lines; ErrorCode::invalid, naming the line, if a line has no cost, or if
// the sum is beyond kMoneyMax.
Result<Money> sum_of_lines(const Rated& rated);
// For tenants without meters of the provider's own.
Rated rate(const Usage& usage, const Limits& limits, const RateCard& rates,
           const Currency& currency);

}  // namespace metergate
