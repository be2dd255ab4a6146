// The plan of a meter query, and the tally that adds up the answer's windows, subjects and groups.
// Values; no threads.
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
  std::vector<std::size_t> group_places;  // indexes in the meter's group_by
  std::vector<std::pair<std::size_t, GroupFilter>> group_filters;  // by place
};

// A range split into the whole days of a zone, and the parts before and after them.
struct DaySplit {
  Window head;  // an empty part has its start at its end
  Window days;
  Window tail;
};
DaySplit split_by_days(const Window& range, const TimeZone& zone);
inline bool is_empty(const Window& window) { return window.start >= window.end; }

class MeterTally {
 public:
  MeterTally(const MeterPlan& plan, Folding aggregation) : plan_(plan), aggregation_(aggregation) {}

  // Adds a cell that began at `at`, with the values of all groups of the meter; ignored if the
  // plan's filters do not match. ErrorCode::invalid if the answer becomes too large.
  Result<> add(Timestamp at, const TenantId& tenant, const MeterGroup& group,
               const MeterCell& cell);
  // The sums by window, subject and group; `show` makes the shown number.
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
  std::optional<Window> last_;  // the last window: cells come in order of time
};

struct TallySources {
  const Store& store;
  const Directory& directory;
  const BillingRules& rules;
  const Clock& clock;
};
// Reads the meter into the tally.
Result<> tally_own(const TallySources& sources, const MeterPlan& plan, MeterTally& tally);
Result<> tally_calls(const TallySources& sources, const MeterPlan& plan, MeterTally& tally);
Result<> tally_gauge(const TallySources& sources, const MeterPlan& plan, MeterTally& tally);

// True if rollups by day of the billing time zone can answer the plan.
bool fits_days(const MeterPlan& plan, const BillingRules& rules);
// ErrorCode::invalid if figures of less than a day are no longer kept for the window.
Result<> check_minutes_kept(const Store& store, const BillingRules& rules, const Window& window);

}  // namespace metergate
