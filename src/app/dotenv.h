// Reads the text of a .env file: NAME=value, one a line.
//
// A line may begin with "export "; # begins a comment at the start of a line or after a space.
// A value in single quotes is taken as it stands; in double quotes \n \" \\ \$ mean what they mean
// in a shell. Nothing is substituted. Values; no threads.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace metergate {

// Name to value, the last of a name winning. ErrorCode::invalid names the line that cannot be read.
Result<std::map<std::string, std::string>> parse_dotenv(std::string_view text);

}  // namespace metergate
