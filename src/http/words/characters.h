// The character classes of HTTP and URLs (RFC 9110, 5.6.2; RFC 3986), independent of any locale.
// Pure functions; safe from any thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/characters.h"

namespace metergate::http {

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c);
}

// Letters, digits and `others`, as a table, since heads are checked byte by byte.
class CharacterSet {
 public:
  constexpr explicit CharacterSet(std::string_view others) {
    for (unsigned i = 0; i < holds_.size(); ++i) {
      const char c = static_cast<char>(i);
      const bool is_word =
          (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      holds_[i] = is_word || others.find(c) != std::string_view::npos;
    }
  }
  constexpr bool holds(char c) const { return holds_[static_cast<unsigned char>(c)]; }

 private:
  std::array<bool, 256> holds_{};
};

inline constexpr CharacterSet kTokenCharacters{"!#$%&'*+-.^_`|~"};
inline bool is_token_character(char c) { return kTokenCharacters.holds(c); }
inline bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_token_character);
}
// True if one of the eight bytes is below 0x20 or is 0x7F; computed in each byte's highest bit.
constexpr bool has_control(std::uint64_t bytes) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  const std::uint64_t below_space = (bytes - kOnes * 0x20) & ~bytes;
  const std::uint64_t delete_to_zero = bytes ^ (kOnes * 0x7F);
  const std::uint64_t is_delete = (delete_to_zero - kOnes) & ~delete_to_zero;
  return ((below_space | is_delete) & (kOnes * 0x80)) != 0;
}
// True if a field's value is valid: visible characters, spaces, tabs and bytes above ASCII. Tokens
// are long, so eight bytes are checked at a time.
inline bool is_field_value(std::string_view text) {
  const auto is_bad = [](char c) { return is_control(c) && c != '\t'; };
  std::uint64_t bytes = 0;
  for (; text.size() >= sizeof bytes; text.remove_prefix(sizeof bytes)) {
    std::memcpy(&bytes, text.data(), sizeof bytes);
    if (has_control(bytes) && std::ranges::any_of(text.substr(0, sizeof bytes), is_bad))
      return false;
  }
  return std::ranges::none_of(text, is_bad);
}

// The text without spaces and tabs at its ends.
inline std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// True if there is a CR or an LF.
inline bool has_line_end(std::string_view text) {
  return text.find('\n') != std::string_view::npos || text.find('\r') != std::string_view::npos;
}

// True if incomplete lines already have a CR without LF or an LF without CR. Reported at once,
// since a peer that ends its lines so would otherwise wait for the timeout.
inline bool has_bare_line_end(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool bare_lf = text[i] == '\n' && i > 0 && text[i - 1] != '\r';
    const bool bare_cr = text[i] == '\r' && i + 1 < text.size() && text[i + 1] != '\n';
    if (bare_lf || bare_cr) return true;
  }
  return false;
}

}  // namespace metergate::http
