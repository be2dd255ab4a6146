#include "service/upkeep/drift.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

namespace metergate {
namespace {

constexpr int kTriesMax = 3;

struct Sum {
  std::string_view name;
  std::int64_t (*read)(const Counter& counter);
};

// The counters that are sums over events and can be counted again.
constexpr std::array<Sum, 6> kSums = {{
    {"api_calls", [](const Counter& c) { return c.calls.count; }},
    {"unbilled_calls", [](const Counter& c) { return c.calls.unbilled; }},
    {"request_bytes", [](const Counter& c) { return c.calls.request_bytes; }},
    {"response_bytes", [](const Counter& c) { return c.calls.response_bytes; }},
    {"webhook_calls", [](const Counter& c) { return c.webhooks.count; }},
    {"webhook_failures", [](const Counter& c) { return c.webhooks.failures; }},
}};

const Counter& found_or_none(const std::map<TenantId, Counter>& counters, const TenantId& tenant) {
  static const Counter kNone;
  const auto found = counters.find(tenant);
  return found == counters.end() ? kNone : found->second;
}

}  // namespace

std::vector<FigureDrift> drift_of(const CountedAgain& counters) {
  std::vector<FigureDrift> found;
  for (const Sum& sum : kSums) {
    const std::int64_t after = sum.read(counters.after);
    const std::int64_t again = sum.read(counters.again);
    const auto [least, most] = std::minmax({sum.read(counters.before), after});
    const std::int64_t units = again < least ? least - again : again > most ? again - most : 0;
    if (units > 0) found.push_back({sum.name, units, after, again});
  }
  return found;
}

Result<Drift::Counters> Drift::counters_of(Period period) const {
  Counters counters;
  TRY(parts_.store.months_of_all_tenants({period, period}, [&](TenantMonths& tenant) {
    for (auto& [month, counter] : tenant.months)
      counters.insert_or_assign(tenant.tenant, std::move(counter));
    return true;
  }));
  return counters;
}

Result<Drift::Comparison> Drift::compare_once(Period period, bool is_told) const {
  const Counters before = TRY(counters_of(period));
  Counters again;
  for (auto& [tenant, counter] : TRY(parts_.store.recount(period)))
    again.insert_or_assign(tenant, std::move(counter));
  const Counters after = TRY(counters_of(period));
  std::set<TenantId> tenants;
  for (const Counters* counters : std::array<const Counters*, 3>{&before, &again, &after}) {
    for (const auto& [tenant, counter] : *counters) tenants.insert(tenant);
  }
  Comparison comparison{.counters = std::ssize(tenants)};
  for (const TenantId& tenant : tenants) {
    for (const FigureDrift& drift :
         drift_of({found_or_none(before, tenant), found_or_none(again, tenant),
                   found_or_none(after, tenant)})) {
      comparison.units += drift.units;
      if (!is_told) continue;
      parts_.log.error("drift.found", {{"tenant_id", tenant.text()},
                                       {"period", period.text()},
                                       {"figure", drift.figure},
                                       {"counter", drift.counted},
                                       {"recount", drift.again}});
    }
  }
  return comparison;
}

Result<> Drift::check(Period period, DriftState& found) {
  if (!TRY(parts_.store.has_all_events(period))) {
    found.unproven += std::ssize(TRY(counters_of(period)));
    return {};
  }
  // Events that come and voids between the readings can make a sum pass by what it was; not each
  // time.
  for (int attempt = 1;; ++attempt) {
    const Sequence head = parts_.store.head();
    const Comparison first = TRY(compare_once(period, attempt == kTriesMax));
    const bool is_proven = first.units == 0 || parts_.store.head() == head;
    if (!is_proven && attempt < kTriesMax) continue;
    if (first.units > 0 && attempt < kTriesMax) TRY(compare_once(period, true));
    found.checked += first.counters;
    found.units += first.units;
    return {};
  }
}

Result<TickReport> Drift::tick() {
  const Microseconds begun = parts_.clock.steady();
  if (rests_until_ && begun < *rests_until_) return TickReport{};
  DriftState found;
  for (Period period = parts_.billing.current_period(); !parts_.billing.is_closed(period);
       period = period.previous()) {
    TRY(check(period, found));
  }
  found.last_duration = parts_.clock.steady() - begun;
  found.last_at = parts_.clock.now();
  rests_until_ = parts_.clock.steady() + kRestTimes * found.last_duration;
  const TickReport report{.done = found.checked, .faults = found.units > 0 ? 1 : 0};
  const std::lock_guard lock{mutex_};
  found.rounds = state_.rounds + 1;
  state_ = found;
  return report;
}

DriftState Drift::state() const {
  const std::lock_guard lock{mutex_};
  return state_;
}

}  // namespace metergate
