// What lists are asked for: filters that take several values ("open,acknowledged" means either) and
// sorts. Functions; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "storage/shapes/query.h"

namespace metergate {

// The values between the commas, without empty ones.
std::vector<std::string> listed_values(std::string_view text);
// Whether the value is one of them, or the whole text; an empty text lists everything.
bool is_listed(std::string_view text, std::string_view value);
// That the field is one of them, or the whole text: a name may have a comma of its own.
Filter equal_to_listed(std::string field, const std::string& text);
// A list's sort as callers write it: "count" rises, "-count" falls.
SortField sort_field(std::string_view text);

}  // namespace metergate
