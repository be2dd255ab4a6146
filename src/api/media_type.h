// The media type of a Content-Type (RFC 9110, 8.3.1), for comparison. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace metergate::api {

// In lower case, without parameters and the blanks before them: "application/json" for
// "Application/JSON ; charset=utf-8".
std::string media_type_of(std::string_view content_type);

}  // namespace metergate::api
