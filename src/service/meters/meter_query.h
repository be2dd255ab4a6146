// MeterQueries: usage by meter as in OpenMeter's API: a range of time, cut into windows, for some
// tenants or all, grouped. Read from rollups; only windows of less than a day of the built-in calls
// are counted from raw events. Safe from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "service/meters/group_filter.h"
#include "service/meters/meter_windows.h"
#include "service/meters/meters.h"
#include "service/shared/rules.h"
#include "service/tenants/directory.h"
#include "storage/shapes/store.h"

namespace metergate {

inline constexpr std::size_t kMeterRowsMax = 100'000;
inline constexpr std::int64_t kMeterCellsMax = 3'000'000;  // read for one answer
inline constexpr std::int64_t kRawEventsMax = 1'000'000;

struct MeterQuery {
  std::string slug;                // or id
  std::optional<Timestamp> from;   // nothing: as far back as usage is kept
  std::optional<Timestamp> to;     // nothing: now
  std::optional<WindowSize> size;  // nothing: the whole range is one window
  std::optional<TimeZone> zone;    // nothing: the billing time zone
  std::vector<TenantId> subjects;  // empty: all tenants
  bool by_subject = false;         // also set if subjects are named
  std::vector<std::string> group_by;
  std::vector<std::pair<std::string, GroupFilter>> group_filters;  // by group; all must hold
};

using MeterGroup = std::vector<std::optional<std::string>>;  // in the order of group_by

struct MeterResultRow {
  Window window;
  std::optional<std::string> subject;
  MeterGroup group;
  Decimal value;
  bool is_lower_bound = false;  // there were more distinct values than are kept
};

struct MeterResult {
  Timestamp from{};  // whole minutes, as read
  Timestamp to{};
  std::optional<WindowSize> size;
  std::vector<std::string> group_by;
  std::vector<MeterResultRow> rows;  // rows with usage, by window, subject and group
  std::int64_t unusable = 0;         // events without a value that the meter can count
};

class MeterQueries {
 public:
  MeterQueries(const Store& store, const Directory& directory, const Meters& meters,
               const BillingRules& rules, const Clock& clock)
      : store_(store), directory_(directory), meters_(meters), rules_(rules), clock_(clock) {}

  // ErrorCode::not_found for the meter; invalid for a range that is empty, no longer kept at that
  // resolution or too large, and for unknown groups.
  Result<MeterResult> run(const MeterQuery& query) const;
  // The tenants with kept usage of the meter, by id.
  Result<std::vector<std::string>> subjects(std::string_view slug_or_id) const;

 private:
  const Store& store_;
  const Directory& directory_;
  const Meters& meters_;
  const BillingRules& rules_;
  const Clock& clock_;
};

Json meter_result_json(const MeterResult& result);
std::string meter_result_csv(const MeterResult& result);

}  // namespace metergate
