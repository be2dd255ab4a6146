// Path readings: what other programs may take a path for. One decodes an escape once more, one
// takes a backslash or a look-alike for a slash, one drops what follows a ';', one merges slashes.
//
// A path that passes through must mean the same in all of them, so all are made and looked at.
// Functions; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace metergate::http {

// The path itself and every other text that it may be read as, each once; in nearly all cases the
// path alone. ErrorCode::invalid: it has a segment '.' or '..' in one of them, or there are too
// many.
Result<std::vector<std::string>> readings_of(std::string_view path);

}  // namespace metergate::http
