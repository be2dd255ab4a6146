// Retention: removes old rows from the view, one tenant a step. What a later month still needs (the
// gauges that are carried into it) is put into that month first. Under the store's lock, alone.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "storage/view/view.h"

namespace metergate {

class RowRetention {
 public:
  RowRetention(View& view, const TimeZone& zone) : view_(view), zone_(zone) {}

  // Months before `cut` with their days and endpoints; answers how many months went.
  Result<std::int64_t> remove_counters(const std::string& tenant, Period cut);
  // Hours before `cut`, at most `max` of them.
  Result<std::int64_t> remove_metrics(const std::string& tenant, Timestamp cut, std::size_t max);

  // Cells of the provider's own meters: minutes from before an instant, days and months from before
  // a period, and, at most `max`, whatever is left of meters that were deleted.
  Result<std::int64_t> remove_meter_minutes(const std::string& tenant, Timestamp cut,
                                            std::size_t max);
  Result<std::int64_t> remove_meter_days(const std::string& tenant, Period cut, std::size_t max);

 private:
  // Of one tag; `end_of` names where, of a meter, what stays begins.
  template <class Row, class EndOf>
  Result<std::int64_t> remove_of_meters(const std::string& tenant, char tag, const EndOf& end_of,
                                        std::size_t max);
  Result<> carry_into(const std::string& tenant, Period cut);
  View& view_;
  const TimeZone& zone_;
};

}  // namespace metergate
