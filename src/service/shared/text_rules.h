// The rules for texts that people write: names and reasons. Pure functions; safe from any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "service/shared/faults.h"

namespace metergate {

// For names of users, keys, stores, devices and tenants.
inline constexpr std::size_t kNameLengthMax = 200;  // characters
// The bounds of a reason, in characters.
inline constexpr std::size_t kReasonLeast = 3;
inline constexpr std::size_t kReasonMost = 500;
inline constexpr std::size_t kEmailLengthMax = 254;
// The bounds of a password, in characters; and in bytes, so that it fits into the body of a login.
inline constexpr std::size_t kPasswordLeast = 12;
inline constexpr std::size_t kPasswordMost = 1024;
inline constexpr std::size_t kPasswordBytesMax = 3072;

// True for 1 to `length_max` characters of UTF-8, not only blanks, without control characters.
bool is_name(std::string_view text, std::size_t length_max);
// The rule in words.
std::string name_rule(std::size_t length_max);
// "there is no role 'Noc'; use Provider-Admin, …; did you mean 'NOC'?"
std::string no_such_role(std::string_view name);
std::string no_such_permission(std::string_view name);
// The number of characters (code points of UTF-8) without white space at the ends.
std::size_t trimmed_length(std::string_view text);
// Checks the reason for a billing change: 3 to 500 characters, otherwise a fault of the field
// "reason".
void check_reason(std::string_view reason, Faults& faults);
// The same, if no other field is checked.
Result<> check_reason(std::string_view reason);

}  // namespace metergate
