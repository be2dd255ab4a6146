// A row of a CSV file of usage events as a CloudEvent. The columns are named by the first row: the
// attributes id, source, type, time, subject (or tenant_id), and members of data under their own
// names; empty cells are left out. Values; no threads.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace metergate {

// ErrorCode::invalid names a column that no event has, one that stands twice, or one that is
// needed and missing.
Result<> check_event_columns(const std::vector<std::string>& columns);

// As many cells as columns. What the cells say is checked where all events are.
Json event_from_row(const std::vector<std::string>& columns, const std::vector<std::string>& cells);

}  // namespace metergate
