// A range of time in a query: two parameters, each a day of the billing time zone or an instant.
// Values; no threads.
#pragma once

#include <optional>
#include <string_view>

#include "api/routes.h"
#include "base/time.h"

namespace metergate::api {

struct TimeRange {  // half-open; nothing: no bound on that side
  std::optional<Timestamp> from;
  std::optional<Timestamp> to;
};

struct RangeNames {
  std::string_view from;
  std::string_view to;
};

// A day as the second parameter is included; an instant is not.
TimeRange read_range(QueryReader& reader, const RangeNames& names, const TimeZone& zone);

}  // namespace metergate::api
