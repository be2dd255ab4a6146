// Retention: removes old rows from the view, one tenant at a step. Values that a later month still
// needs (levels carried over) are first copied into that month. Runs alone, with the store's lock
// held.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "storage/view/view.h"

namespace metergate {

class RowRetention {
 public:
  RowRetention(View& view, const TimeZone& zone) : view_(view), zone_(zone) {}

  // Removes months before `cut` with their days and endpoints; returns the number of months.
  Result<std::int64_t> remove_counters(const std::string& tenant, Period cut);
  // Removes hours before `cut`, at most `max`.
  Result<std::int64_t> remove_metrics(const std::string& tenant, Timestamp cut, std::size_t max);

  // Removes cells of the provider's own meters: minutes from before an instant, days and months
  // from before a period, and at most `max` remains of deleted meters.
  Result<std::int64_t> remove_meter_minutes(const std::string& tenant, Timestamp cut,
                                            std::size_t max);
  Result<std::int64_t> remove_meter_days(const std::string& tenant, Period cut, std::size_t max);

 private:
  // For one tag; `end_of` returns the first place of a meter that stays.
  template <class Row, class EndOf>
  Result<std::int64_t> remove_of_meters(const std::string& tenant, char tag, const EndOf& end_of,
                                        std::size_t max);
  Result<> carry_into(const std::string& tenant, Period cut);
  View& view_;
  const TimeZone& zone_;
};

}  // namespace metergate
