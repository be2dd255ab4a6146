#include "domain/event_source.h"

#include <algorithm>
#include <array>

#include "base/characters.h"

namespace metergate {
namespace {

struct LookAlike {
  char32_t character;
  char letter;
};

// Look-alikes of the letters of the name. Wide forms and capitals are covered by rule.
constexpr std::array<LookAlike, 22> kLookAlikes = {{
    {0x0430, 'a'}, {0x0410, 'a'}, {0x0391, 'a'}, {0x03B1, 'a'}, {0x0251, 'a'}, {0x0435, 'e'},
    {0x0415, 'e'}, {0x0395, 'e'}, {0x0451, 'e'}, {0x0401, 'e'}, {0x043C, 'm'}, {0x041C, 'm'},
    {0x039C, 'm'}, {0x0442, 't'}, {0x0422, 't'}, {0x03A4, 't'}, {0x03C4, 't'}, {0x0433, 'r'},
    {0x0280, 'r'}, {0x0261, 'g'}, {0x0262, 'g'}, {0x050D, 'g'},
}};

struct Decoded {
  char32_t character;
  std::size_t bytes;
};

// The first character of a text that is not empty; a malformed byte stands for itself.
Decoded first_of(std::string_view text) {
  const auto at = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto rest = [&](std::size_t i) { return static_cast<char32_t>(at(i) & 0x3FU); };
  const unsigned char lead = at(0);
  if (lead >= 0xF0 && text.size() >= 4)
    return {
        (static_cast<char32_t>(lead & 0x07U) << 18U) | (rest(1) << 12U) | (rest(2) << 6U) | rest(3),
        4};
  if (lead >= 0xE0 && text.size() >= 3)
    return {(static_cast<char32_t>(lead & 0x0FU) << 12U) | (rest(1) << 6U) | rest(2), 3};
  if (lead >= 0xC0 && text.size() >= 2)
    return {(static_cast<char32_t>(lead & 0x1FU) << 6U) | rest(1), 2};
  return {lead, 1};
}

// Blanks of every width, joiners, marks of direction, the soft hyphen, the byte order mark.
bool is_unseen(char32_t character) {
  return character <= 0x20 || character == 0x7F || (character >= 0x80 && character <= 0xA0) ||
         character == 0xAD || character == 0x034F || character == 0x061C || character == 0x1680 ||
         character == 0x180E || (character >= 0x2000 && character <= 0x200F) ||
         (character >= 0x2028 && character <= 0x202F) ||
         (character >= 0x205F && character <= 0x2064) ||
         (character >= 0x2066 && character <= 0x206F) || character == 0x3000 ||
         (character >= 0xFE00 && character <= 0xFE0F) || character == 0xFEFF;
}

char letter_of(char32_t character) {
  if (character >= 0xFF01 && character <= 0xFF5E) character -= 0xFF01 - 0x21;  // wide forms
  if (character < 0x80) return to_lower(static_cast<char>(character));
  const auto alike = std::ranges::find(kLookAlikes, character, &LookAlike::character);
  return alike == kLookAlikes.end() ? '?' : alike->letter;
}

}  // namespace

bool reads_as_own_source(std::string_view source) {
  std::string letters;
  while (!source.empty()) {
    const Decoded first = first_of(source);
    source.remove_prefix(first.bytes);
    if (is_unseen(first.character)) continue;
    letters.push_back(letter_of(first.character));
    if (letters.size() > kOwnSource.size()) return false;
  }
  return letters == kOwnSource;
}

}  // namespace metergate
