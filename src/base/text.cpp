#include "base/text.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

#include "base/utf8.h"

namespace metergate {
namespace {

// All characters with Unicode's property White_Space.
constexpr std::array<std::string_view, 25> kBlanks = {
    "\t",           "\n",           "\v",           "\f",           "\r",           " ",
    "\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\x80", "\xE2\x80\x81", "\xE2\x80\x82",
    "\xE2\x80\x83", "\xE2\x80\x84", "\xE2\x80\x85", "\xE2\x80\x86", "\xE2\x80\x87", "\xE2\x80\x88",
    "\xE2\x80\x89", "\xE2\x80\x8A", "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F",
    "\xE3\x80\x80"};

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// Turkish writes i with a dot in both cases, and another letter without: the four fold to i, since
// Unicode's folding knows no language and leaves three letters of them.
std::string without_turkish_dots(std::string text) {
  constexpr std::string_view kDotted = "i\u0307";
  constexpr std::string_view kDotless = "\u0131";
  for (const std::string_view letter : {kDotted, kDotless}) {
    for (std::size_t at = 0; (at = text.find(letter, at)) != std::string::npos; ++at) {
      text.replace(at, letter.size(), "i");
    }
  }
  return text;
}

}  // namespace

std::string_view trimmed_text(std::string_view text) {
  const auto blank_at_start = [&] {
    return std::ranges::find_if(kBlanks, [&](auto blank) { return text.starts_with(blank); });
  };
  const auto blank_at_end = [&] {
    return std::ranges::find_if(kBlanks, [&](auto blank) { return text.ends_with(blank); });
  };
  for (const auto* blank = blank_at_start(); blank != kBlanks.end(); blank = blank_at_start())
    text.remove_prefix(blank->size());
  for (const auto* blank = blank_at_end(); blank != kBlanks.end(); blank = blank_at_end())
    text.remove_suffix(blank->size());
  return text;
}

bool is_plain_text(std::string_view text) {
  return std::ranges::none_of(text, is_control_but_no_blank) && is_well_formed_utf8(text);
}

std::string folded_case(std::string_view text) {
  if (is_ascii(text)) return to_lower(text);
  utf8proc_uint8_t* made = nullptr;
  const auto options =
      static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD);
  const utf8proc_ssize_t size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                   static_cast<utf8proc_ssize_t>(text.size()), &made, options);
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owned{made, &std::free};
  if (size < 0) return to_lower(text);
  return without_turkish_dots(
      {reinterpret_cast<const char*>(made), static_cast<std::size_t>(size)});
}

}  // namespace metergate
