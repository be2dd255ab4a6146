// UTF-8 as the Unicode standard defines it (table 3-7): no overlong forms, no surrogates, nothing
// past U+10FFFF. Pure; safe from any thread.
#pragma once

#include <string_view>

namespace metergate {

bool is_well_formed_utf8(std::string_view bytes);

}  // namespace metergate
