#include "service/shared/text_rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/characters.h"
#include "base/nearest.h"
#include "base/text.h"
#include "base/utf8.h"
#include "domain/identity.h"

namespace metergate {
bool is_name(std::string_view text, std::size_t length_max) {
  return character_count(text) <= length_max && trimmed_length(text) > 0 &&
         is_well_formed_utf8(text) && std::ranges::none_of(text, is_control);
}

std::string name_rule(std::size_t length_max) {
  return fmt::format(
      "must be 1 to {} characters, not all of them blank, without control characters", length_max);
}

std::size_t trimmed_length(std::string_view text) { return character_count(trimmed_text(text)); }

std::string no_such_role(std::string_view name) {
  return fmt::format("there is no role '{:.80}'; use {}{}", name, role_names_text(),
                     did_you_mean(name, all_role_names()));
}

std::string no_such_permission(std::string_view name) {
  std::vector<std::string_view> known = {"*"};
  for (const PermissionRow& row : kPermissions) known.push_back(row.name);
  return fmt::format("there is no permission '{:.80}'; use {}{}", name, fmt::join(known, ", "),
                     did_you_mean(name, known));
}

void check_reason(std::string_view reason, Faults& faults) {
  const std::size_t length = trimmed_length(reason);
  const bool is_padded = reason.size() > kReasonMost * 4;  // a character has at most 4 bytes
  if (length >= kReasonLeast && length <= kReasonMost && !is_padded) return;
  faults.add("reason",
             fmt::format("must be {} to {} characters, not {}", kReasonLeast, kReasonMost, length));
}

Result<> check_reason(std::string_view reason) {
  Faults faults;
  check_reason(reason, faults);
  return faults.result();
}

}  // namespace metergate
