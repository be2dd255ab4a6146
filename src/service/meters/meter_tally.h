// What a query of a meter comes to once it is understood, and the tally in which the answer's
// windows, subjects and groups are added up. Values; no threads.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/result.h"
#include "service/meters/meter_query.h"

namespace metergate {

struct MeterPlan {
  KnownMeter meter;
  Window range;  // whole minutes
  std::optional<WindowSize> size;
  TimeZone zone = TimeZone::utc();
  std::vector<TenantId> tenants;
  bool by_subject = false;
  std::vector<std::size_t> group_places;                           // in the meter's own group_by
  std::vector<std::pair<std::size_t, GroupFilter>> group_filters;  // by place
};

// A range as the days of a zone that lie in it whole, and what is before and behind them.
struct DaySplit {
  Window head;  // empty ones have their start at their end
  Window days;
  Window tail;
};
DaySplit split_by_days(const Window& range, const TimeZone& zone);
inline bool is_empty(const Window& window) { return window.start >= window.end; }

class MeterTally {
 public:
  MeterTally(const MeterPlan& plan, Folding aggregation) : plan_(plan), aggregation_(aggregation) {}

  // A cell that began at `at`, with the values of all that the meter groups by. False where the
  // plan does not want it. ErrorCode::invalid where the answer gets too big.
  Result<> add(Timestamp at, const TenantId& tenant, const MeterGroup& group,
               const MeterCell& cell);
  // What was added, by window, subject and group; `show` makes a number that people read.
  using Show = Decimal (*)(const MeterPlan& plan, Quantity value);
  MeterResult result(Show show) const;

 private:
  using Key = std::tuple<Timestamp, Timestamp, std::string, MeterGroup>;
  const Window& window_of(Timestamp at);
  bool is_wanted(const MeterGroup& group) const;
  const MeterPlan& plan_;
  Folding aggregation_;
  std::map<Key, MeterCell> cells_;
  std::int64_t read_ = 0;
  std::optional<Window> last_;  // the window met last: cells come in order of time
};

struct TallySources {
  const Store& store;
  const Directory& directory;
  const BillingRules& rules;
  const Clock& clock;
};
// Read the meter into the tally.
Result<> tally_own(const TallySources& sources, const MeterPlan& plan, MeterTally& tally);
Result<> tally_calls(const TallySources& sources, const MeterPlan& plan, MeterTally& tally);
Result<> tally_gauge(const TallySources& sources, const MeterPlan& plan, MeterTally& tally);

// Whether what the plan asks for stands in rollups of days of the billing time zone.
bool fits_days(const MeterPlan& plan, const BillingRules& rules);
// ErrorCode::invalid where figures of less than a day are no longer kept for the window.
Result<> check_minutes_kept(const Store& store, const BillingRules& rules, const Window& window);

}  // namespace metergate
