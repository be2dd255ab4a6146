// Text as people read it: characters, blanks and letters of every script. UTF-8, checked or not:
// what is not well-formed is looked at byte by byte. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace metergate {

// Code points; every byte but the continuation bytes 10xxxxxx begins one.
std::size_t character_count(std::string_view text);
// Without what Unicode calls white space at both ends.
std::string_view trimmed_text(std::string_view text);
// Well-formed UTF-8 without control characters, but for tabs and line ends.
bool is_plain_text(std::string_view text);
// What texts share that differ in case alone, in any script (Unicode's full case folding), or in
// how an accent is written (NFC): "É" and "é" and e with U+0301 are one.
std::string folded_case(std::string_view text);

}  // namespace metergate
