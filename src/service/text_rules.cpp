#include "service/text_rules.h"

#include <fmt/format.h>

#include <algorithm>

namespace metergate {
namespace {

constexpr std::size_t kReasonLeast = 3;
constexpr std::size_t kReasonMost = 500;
constexpr std::string_view kBlanks = " \t\r\n";

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

}  // namespace

bool is_name(std::string_view text, std::size_t bytes_max) {
  return text.size() <= bytes_max && trimmed_length(text) > 0 &&
         std::ranges::none_of(text, is_control);
}

std::size_t trimmed_length(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return 0;
  const std::string_view rest = text.substr(first, text.find_last_not_of(kBlanks) + 1 - first);
  // Every byte but the continuation bytes 10xxxxxx begins a character.
  return static_cast<std::size_t>(std::ranges::count_if(
      rest, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

void check_reason(std::string_view reason, Faults& faults) {
  const std::size_t length = trimmed_length(reason);
  const bool is_padded = reason.size() > kReasonMost * 4;  // a character has at most 4 bytes
  if (length >= kReasonLeast && length <= kReasonMost && !is_padded) return;
  faults.add("reason",
             fmt::format("must be {} to {} characters, not {}", kReasonLeast, kReasonMost, length));
}

}  // namespace metergate
