// Text as people read it: characters, blanks and letters of every script. Takes any bytes; those
// that are not well-formed UTF-8 are treated byte by byte. Pure functions; safe from any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/characters.h"

namespace metergate {

// The text without Unicode white space at both ends.
std::string_view trimmed_text(std::string_view text);
// True for well-formed UTF-8 without control characters other than tabs and line ends.
bool is_plain_text(std::string_view text);
// A form that is equal for texts that differ only in case, in any script (Unicode's full case
// folding), or in how an accent is written (NFC): "É", "é" and e with U+0301 fold to the same.
std::string folded_case(std::string_view text);

}  // namespace metergate
