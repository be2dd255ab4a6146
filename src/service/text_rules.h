// What texts that people write may look like: names and reasons. Pure; any thread.
#pragma once

#include <cstddef>
#include <string_view>

#include "service/faults.h"

namespace metergate {

// 1 to `bytes_max` bytes, not only blanks, without control characters.
bool is_name(std::string_view text, std::size_t bytes_max);
// How many characters (code points of UTF-8) there are between blanks at the ends.
std::size_t trimmed_length(std::string_view text);
// Why somebody changed what is billed: 3 to 500 characters, else a fault of the field "reason".
void check_reason(std::string_view reason, Faults& faults);

}  // namespace metergate
