#include "base/mail_address.h"

#include <algorithm>

namespace metergate {
namespace {

constexpr std::size_t kAddressMax = 254;
constexpr std::size_t kLocalPartMax = 64;
constexpr std::size_t kLabelMax = 63;

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// "dot-atom" of RFC 5322, 3.2.3.
bool is_local_part(std::string_view text) {
  constexpr std::string_view kOthers = "!#$%&'*+-/=?^_`{|}~.";
  if (text.empty() || text.size() > kLocalPartMax) return false;
  if (text.front() == '.' || text.back() == '.' || text.find("..") != std::string_view::npos)
    return false;
  return std::ranges::all_of(
      text, [&](char c) { return is_word(c) || kOthers.find(c) != std::string_view::npos; });
}

bool is_label(std::string_view text) {
  if (text.empty() || text.size() > kLabelMax || text.front() == '-' || text.back() == '-')
    return false;
  return std::ranges::all_of(text, [](char c) { return is_word(c) || c == '-'; });
}

}  // namespace

bool is_mail_address(std::string_view text) {
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos || text.size() > kAddressMax) return false;
  if (!is_local_part(text.substr(0, at))) return false;
  std::string_view rest = text.substr(at + 1);
  while (true) {
    const std::size_t dot = rest.find('.');
    if (!is_label(rest.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    rest.remove_prefix(dot + 1);
  }
}

}  // namespace metergate
