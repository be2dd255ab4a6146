// Path readings: the paths that other programs may read a path as. Some decode an escape once more,
// take a backslash or a look-alike for a slash, drop the part after a ';', or merge slashes.
//
// A proxied path must mean the same in all readings, so all are made and checked. Plain functions;
// safe from any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace metergate::http {

// The path itself and every other reading of it, each once; usually the path alone.
// ErrorCode::invalid if a reading has a segment '.' or '..', or there are too many.
Result<std::vector<std::string>> readings_of(std::string_view path);

}  // namespace metergate::http
