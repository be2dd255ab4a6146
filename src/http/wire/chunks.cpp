#include "http/wire/chunks.h"

#include <charconv>
#include <string>

#include "http/wire/scan.h"
#include "http/words/characters.h"

namespace metergate::http {
namespace {

constexpr std::size_t kChunkDigitsMax = 8;

std::unexpected<Error> refuse_chunk(std::string message) {
  return fail(ErrorCode::invalid, std::move(message));
}

bool skip_spaces(std::string_view& text) {
  const std::size_t count = std::min(text.find_first_not_of(" \t"), text.size());
  text.remove_prefix(count);
  return count > 0;
}

bool take_token(std::string_view& text) {
  const char* const begin = text.data();
  const auto size = static_cast<std::size_t>(token_end(begin, begin + text.size()) - begin);
  text.remove_prefix(size);
  return size > 0;
}

// From one '"' to the next that no '\' stands before.
bool take_quoted(std::string_view& text) {
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      text.remove_prefix(at + 1);
      return true;
    }
  }
  return false;
}

}  // namespace

Result<std::uint32_t> check_chunk_line(std::string_view line) {
  std::uint32_t size = 0;
  const char* end = line.data() + line.size();
  const auto read = std::from_chars(line.data(), end, size, 16);
  const auto digits = static_cast<std::size_t>(read.ptr - line.data());
  if (read.ec != std::errc{} || digits > kChunkDigitsMax)
    return refuse_chunk("a chunk's size is not 1 to 8 hexadecimal digits");
  const std::string_view extensions = line.substr(digits);
  if (!extensions.empty() && extensions.front() != ';')
    return refuse_chunk("a chunk's size is followed by something else than ';'");
  if (!is_field_value(extensions))
    return refuse_chunk("a chunk's extension has a control character");
  return size;
}

bool are_chunk_extensions(std::string_view text) {
  while (!text.empty()) {
    skip_spaces(text);
    if (!text.starts_with(';')) return false;
    text.remove_prefix(1);
    skip_spaces(text);
    if (!take_token(text)) return false;
    const bool has_space = skip_spaces(text);
    if (text.starts_with(';')) continue;
    if (!text.starts_with('=')) return text.empty() && !has_space;
    text.remove_prefix(1);
    skip_spaces(text);
    const bool has_value = text.starts_with('"') ? take_quoted(text) : take_token(text);
    if (!has_value) return false;
  }
  return true;
}

}  // namespace metergate::http
