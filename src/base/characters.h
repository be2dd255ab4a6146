// Characters of texts, byte by byte: ASCII letters and controls, and where a character of UTF-8
// begins. Pure; any thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace metergate {

// ASCII alone: every other byte stays.
constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
inline std::string to_lower(std::string_view text) {
  std::string lower{text};
  for (char& c : lower) c = to_lower(c);
  return lower;
}
inline bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return to_lower(x) == to_lower(y); });
}

// C0 and DEL.
constexpr bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }
constexpr bool is_control_but_no_blank(char c) {
  return is_control(c) && c != '\t' && c != '\n' && c != '\r';
}

// ASCII that prints, without the space.
constexpr bool is_visible(char c) { return c > 0x20 && c < 0x7F; }

// Every byte but the continuation bytes 10xxxxxx begins a character.
constexpr bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }
inline std::size_t character_count(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, begins_character));
}
// At most so many bytes from the beginning, not cut inside a character.
constexpr std::string_view clipped(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  while (bytes_max > 0 && !begins_character(text[bytes_max])) --bytes_max;
  return text.substr(0, bytes_max);
}

}  // namespace metergate
