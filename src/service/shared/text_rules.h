// What texts that people write may look like: names and reasons. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "service/shared/faults.h"

namespace metergate {

// Of users, keys, stores, devices and tenants.
inline constexpr std::size_t kNameLengthMax = 200;  // characters

// 1 to `length_max` characters of UTF-8, not only blanks, without control characters.
bool is_name(std::string_view text, std::size_t length_max);
// The same in words.
std::string name_rule(std::size_t length_max);
// "there is no role 'Noc'; use Provider-Admin, …; did you mean 'NOC'?"
std::string no_such_role(std::string_view name);
std::string no_such_permission(std::string_view name);
// How many characters (code points of UTF-8) there are between white space at the ends.
std::size_t trimmed_length(std::string_view text);
// Why somebody changed what is billed: 3 to 500 characters, else a fault of the field "reason".
void check_reason(std::string_view reason, Faults& faults);
// The same, where nothing else can be wrong.
Result<> check_reason(std::string_view reason);

}  // namespace metergate
