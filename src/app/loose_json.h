// Reads filters as operators type them: JSON, or the notation of MongoDB's shell: keys without
// quotes, texts in single quotes, trailing commas, ISODate("…") and NumberLong(…). Values; no
// threads.
#pragma once

#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace metergate {

// ErrorCode::invalid with the position of the fault.
Result<Json> parse_loose_json(std::string_view text);

}  // namespace metergate
