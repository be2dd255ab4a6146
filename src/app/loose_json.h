// Reads filters as operators type them: JSON, or what MongoDB's shell takes — keys without quotes,
// texts in single quotes, a comma too many, ISODate("…") and NumberLong(…). Values; no threads.
#pragma once

#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace metergate {

// ErrorCode::invalid with the place where it goes wrong.
Result<Json> parse_loose_json(std::string_view text);

}  // namespace metergate
