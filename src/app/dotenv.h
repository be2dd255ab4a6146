// Reads the text of a .env file: NAME=value, one a line.
//
// A line may begin with "export "; # begins a comment at the start of a line or after a space. A
// value in single quotes is kept as it is; in double quotes \n \" \\ \$ have the same meaning as in
// a shell. Variables are not substituted. Values; no threads.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace metergate {

// The values by name; the last value of a name wins. ErrorCode::invalid gives the number of a line
// that cannot be read.
Result<std::map<std::string, std::string>> parse_dotenv(std::string_view text);

}  // namespace metergate
