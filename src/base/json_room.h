// The memory that the trees of one body may take together, for bodies of many lines that are each a
// JSON text. Plain functions; safe from any thread.
#pragma once

#include <cstddef>

#include "base/json.h"

namespace metergate {

// The bytes allowed for texts of that many bytes in all: 12 MiB plus three times that size.
std::size_t json_room(std::size_t text_bytes);
// As parse_json(), but takes the memory of the tree out of `room`; ErrorCode::too_large if `room`
// is not enough.
Result<Json> parse_json_within(std::string_view text, JsonNumbers numbers, std::size_t& room);

}  // namespace metergate
