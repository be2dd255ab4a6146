// What texts that people write may look like: names and reasons. Pure; any thread.
#pragma once

#include <cstddef>
#include <string_view>

namespace metergate {

// 1 to `bytes_max` bytes, not only blanks, without control characters.
bool is_name(std::string_view text, std::size_t bytes_max);
// How many characters (code points of UTF-8) there are between blanks at the ends.
std::size_t trimmed_length(std::string_view text);

}  // namespace metergate
