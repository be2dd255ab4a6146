#include "base/toml_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace metergate {
namespace {

constexpr std::string_view kTomlFileMark = "\xef\xbb\xbf";

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

// Past a text that begins with a quote. One that its line or the file ends before its quote does
// is the parser's to refuse.
std::size_t after_text(std::string_view toml, std::size_t at) {
  const char quote = toml[at];
  const std::string fence(3, quote);
  const bool is_long = toml.substr(at).starts_with(fence);
  for (at += is_long ? 3 : 1; at < toml.size(); ++at) {
    if (toml[at] == '\\' && quote == '"') {
      ++at;
    } else if (is_long && toml.substr(at).starts_with(fence)) {
      return std::min(toml.find_first_not_of(quote, at), toml.size());
    } else if (!is_long && (toml[at] == quote || toml[at] == '\n')) {
      return toml[at] == quote ? at + 1 : at;
    }
  }
  return toml.size();
}

}  // namespace

Result<> check_toml_letters(std::string_view toml) {
  std::size_t at = toml.starts_with(kTomlFileMark) ? kTomlFileMark.size() : 0;
  while (at < toml.size()) {
    if (toml[at] == '#') {
      at = std::min(toml.find('\n', at), toml.size());
    } else if (toml[at] == '"' || toml[at] == '\'') {
      at = after_text(toml, at);
    } else if (is_ascii(toml[at])) {
      ++at;
    } else {
      return fail(ErrorCode::invalid,
                  fmt::format("line {}: a letter or sign that is not ASCII stands outside of "
                              "quotes; put the text into quotes",
                              1 + std::ranges::count(toml.substr(0, at), '\n')));
    }
  }
  return {};
}

}  // namespace metergate
