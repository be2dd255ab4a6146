// How much memory the trees of one body may take together: for bodies of many lines, each a JSON
// text of its own. Functions; any thread.
#pragma once

#include <cstddef>

#include "base/json.h"

namespace metergate {

// Of texts with so many bytes together: 12 MiB and three times that.
std::size_t json_room(std::size_t text_bytes);
// As parse_json(), within `room`, of which it takes its part; ErrorCode::too_large where that is
// not enough.
Result<Json> parse_json_within(std::string_view text, JsonNumbers numbers, std::size_t& room);

}  // namespace metergate
