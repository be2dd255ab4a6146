// Spans of time as people type them: "90s", "30m", "1h", "7d". A value; no threads.
#pragma once

#include <chrono>
#include <string_view>

#include "base/result.h"

namespace metergate {

// At least a second, at most 3,650 days; ErrorCode::invalid otherwise.
Result<std::chrono::seconds> parse_lifetime(std::string_view text);

}  // namespace metergate
