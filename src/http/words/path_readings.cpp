#include "http/words/path_readings.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "http/words/characters.h"
#include "http/words/url.h"

namespace metergate::http {
namespace {

constexpr std::size_t kReadingsMax = 64;

std::optional<unsigned> hex_value(std::string_view digits) {
  unsigned value = 0;
  for (const char c : digits) {
    const char lower = to_lower(c);
    const bool is_letter = lower >= 'a' && lower <= 'f';
    if (!is_digit(c) && !is_letter) return std::nullopt;
    value = value * 16 + static_cast<unsigned>(is_letter ? lower - 'a' + 10 : c - '0');
  }
  return value;
}

void append_utf8(std::string& out, unsigned code) {
  const auto put = [&](unsigned byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0U | code >> 6U);
  } else {
    put(0xE0U | code >> 12U);
    put(0x80U | (code >> 6U & 0x3FU));
  }
  put(0x80U | (code & 0x3FU));
}

// Decodes each %HH, and %uHHHH as some servers have it, once; other '%' stay.
std::string decoded_once(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto pair =
        text.front() == '%' && text.size() >= 3 ? hex_value(text.substr(1, 2)) : std::nullopt;
    const bool is_wide = text.front() == '%' && text.size() >= 6 && to_lower(text[1]) == 'u';
    const auto wide = is_wide ? hex_value(text.substr(2, 4)) : std::nullopt;
    if (pair) {
      out.push_back(static_cast<char>(*pair));
      text.remove_prefix(3);
    } else if (wide) {
      append_utf8(out, *wide);
      text.remove_prefix(6);
    } else {
      out.push_back(text.front());
      text.remove_prefix(1);
    }
  }
  return out;
}

struct LookAlike {
  std::string_view bytes;
  std::string_view means;
};

// Characters that a compatibility form, a best fit or a lax decoder turns into '/', '\', '.', ';'
// or nothing.
constexpr auto kLookAlikes = std::to_array<LookAlike>({
    {"\\", "/"},
    {"\xEF\xBC\x8F", "/"},      // U+FF0F fullwidth solidus
    {"\xE2\x88\x95", "/"},      // U+2215 division slash
    {"\xE2\x81\x84", "/"},      // U+2044 fraction slash
    {"\xE2\xA7\xB8", "/"},      // U+29F8 big solidus
    {"\xE2\x9F\x8B", "/"},      // U+27CB mathematical rising diagonal
    {"\xE2\x95\xB1", "/"},      // U+2571 box drawings diagonal
    {"\xE1\x9C\xB5", "/"},      // U+1735 Philippine single punctuation
    {"\xEF\xBC\xBC", "/"},      // U+FF3C fullwidth reverse solidus
    {"\xEF\xB9\xA8", "/"},      // U+FE68 small reverse solidus
    {"\xE2\x88\x96", "/"},      // U+2216 set minus
    {"\xE2\xA7\xB5", "/"},      // U+29F5 reverse solidus operator
    {"\xE2\xA7\xB9", "/"},      // U+29F9 big reverse solidus
    {"\xEF\xBC\x8E", "."},      // U+FF0E fullwidth full stop
    {"\xEF\xB9\x92", "."},      // U+FE52 small full stop
    {"\xE2\x80\xA4", "."},      // U+2024 one dot leader
    {"\xE2\x80\xA5", ".."},     // U+2025 two dot leader
    {"\xE3\x80\x82", "."},      // U+3002 ideographic full stop
    {"\xEF\xBD\xA1", "."},      // U+FF61 its halfwidth form
    {"\xEF\xB8\xB0", ".."},     // U+FE30 for vertical two dot leader
    {"\xEF\xBC\x9B", ";"},      // U+FF1B fullwidth semicolon
    {"\xEF\xB9\x94", ";"},      // U+FE54 small semicolon
    {"\xEF\xBC\x85", "%"},      // U+FF05 fullwidth percent sign
    {"\xEF\xB9\xAA", "%"},      // U+FE6A small percent sign
    {"\xE2\x80\x8B", ""},       // U+200B zero width space
    {"\xE2\x80\x8C", ""},       // U+200C zero width non-joiner
    {"\xE2\x80\x8D", ""},       // U+200D zero width joiner
    {"\xE2\x81\xA0", ""},       // U+2060 word joiner
    {"\xEF\xBB\xBF", ""},       // U+FEFF byte order mark
    {"\xC2\xAD", ""},           // U+00AD soft hyphen
    {"\xC0\xAF", "/"},          // overlong forms of '/' and '.'
    {"\xC0\xAE", "."},          //
    {"\xC1\x9C", "/"},          //
    {"\xE0\x80\xAF", "/"},      //
    {"\xE0\x80\xAE", "."},      //
    {"\xE0\x81\x9C", "/"},      //
    {"\xF0\x80\x80\xAF", "/"},  //
    {"\xF0\x80\x80\xAE", "."},  //
});

std::string with_plain_forms(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto found = std::ranges::find_if(
        kLookAlikes, [&](const LookAlike& row) { return text.starts_with(row.bytes); });
    if (found != kLookAlikes.end()) {
      out += found->means;
      text.remove_prefix(found->bytes.size());
    } else {
      out.push_back(text.front());
      text.remove_prefix(1);
    }
  }
  return out;
}

std::string without_parameters(std::string_view text) {
  std::string out;
  bool is_parameter = false;
  for (const char c : text) {
    if (c == '/') is_parameter = false;
    if (c == ';') is_parameter = true;
    if (!is_parameter) out.push_back(c);
  }
  return out;
}

std::string with_merged_slashes(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != '/' || !out.ends_with('/')) out.push_back(c);
  }
  return out;
}

// Windows drops spaces and dots at a segment's end, others drop control characters anywhere.
std::string without_padding(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '/') {
      while (out.ends_with(' ')) out.pop_back();
    }
    if (!is_control(c)) out.push_back(c);
  }
  while (out.ends_with(' ')) out.pop_back();
  return out;
}

std::string up_to_nul(std::string_view text) {
  return std::string{text.substr(0, text.find('\0'))};
}

constexpr std::array kWays = {decoded_once,        with_plain_forms, without_parameters,
                              with_merged_slashes, without_padding,  up_to_nul};

// True if every reading leaves the path unchanged, as for nearly all paths.
bool is_plain(std::string_view path) {
  static constexpr CharacterSet kPlainPath{"-._~!$&'()*+,=:@/"};
  return std::ranges::all_of(path, [](char c) { return kPlainPath.holds(c); }) &&
         path.find("//") == std::string_view::npos;
}

}  // namespace

Result<std::vector<std::string>> readings_of(std::string_view path) {
  std::vector<std::string> readings{std::string{path}};
  for (std::size_t i = 0; i < readings.size(); ++i) {
    if (has_dot_segment(readings[i])) {
      return fail(ErrorCode::invalid,
                  i == 0 ? "the path has a segment '.' or '..'"
                         : "the path has what a server may read as a segment '.' or '..': an "
                           "encoded one, or one beside a character that looks like a slash");
    }
    if (is_plain(readings[i])) continue;
    for (const auto& way : kWays) {
      std::string other = way(readings[i]);
      if (std::ranges::find(readings, other) != readings.end()) continue;
      if (readings.size() == kReadingsMax)
        return fail(ErrorCode::invalid, "the path is encoded so often that it has no one meaning");
      readings.push_back(std::move(other));
    }
  }
  return readings;
}

}  // namespace metergate::http
