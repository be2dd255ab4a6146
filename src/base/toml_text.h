// Checks a TOML text before it is parsed. Pure; any thread.
#pragma once

#include <string_view>

#include "base/result.h"

namespace metergate {

// Outside of quotes and comments TOML is ASCII. toml++ 3.3 is undefined at some letters there
// ("é" after a value), so each is refused first, with its line.
Result<> check_toml_letters(std::string_view toml);

}  // namespace metergate
