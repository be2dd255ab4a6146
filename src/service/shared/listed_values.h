// Readers of what a list may ask for: filters with several values ("open,acknowledged" means
// either) and sorts. Functions; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "storage/shapes/query.h"

namespace metergate {

// The values between the commas, without empty ones.
std::vector<std::string> listed_values(std::string_view text);
// True if the value is one of them, or the whole text; an empty text matches everything.
bool is_listed(std::string_view text, std::string_view value);
// Matches fields equal to one of the values, or to the whole text, since a name may contain a
// comma.
Filter equal_to_listed(std::string field, const std::string& text);
// A list's sort as callers write it: "count" rises, "-count" falls.
SortField sort_field(std::string_view text);

}  // namespace metergate
