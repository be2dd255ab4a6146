#include "app/dotenv.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace metergate {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

bool is_name(std::string_view text) {
  if (text.empty() || (text.front() >= '0' && text.front() <= '9')) return false;
  for (const char c : text) {
    const bool is_letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
    if (!is_letter && !(c >= '0' && c <= '9')) return false;
  }
  return true;
}

// Only a comment may follow the closing quote.
bool is_rest_empty(std::string_view rest) {
  rest = trim(rest);
  return rest.empty() || rest.front() == '#';
}

std::optional<std::string> single_quoted(std::string_view text) {
  const std::size_t end = text.find('\'', 1);
  if (end == std::string_view::npos || !is_rest_empty(text.substr(end + 1))) return std::nullopt;
  return std::string{text.substr(1, end - 1)};
}

std::optional<std::string> double_quoted(std::string_view text) {
  std::string value;
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '"') {
      if (!is_rest_empty(text.substr(at + 1))) return std::nullopt;
      return value;
    }
    if (text[at] != '\\' || at + 1 == text.size()) {
      value.push_back(text[at]);
      continue;
    }
    const char escaped = text[++at];
    if (escaped == 'n') {
      value.push_back('\n');
    } else if (escaped == '"' || escaped == '\\' || escaped == '$') {
      value.push_back(escaped);
    } else {
      value.push_back('\\');
      value.push_back(escaped);
    }
  }
  return std::nullopt;
}

std::string plain(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '#' && (at == 0 || is_blank(text[at - 1])))
      return std::string{trim(text.substr(0, at))};
  }
  return std::string{text};
}

std::optional<std::pair<std::string, std::string>> parse_line(std::string_view line) {
  constexpr std::string_view kExport = "export ";
  if (line.starts_with(kExport)) line = trim(line.substr(kExport.size()));
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const std::string_view name = trim(line.substr(0, equals));
  const std::string_view rest = trim(line.substr(equals + 1));
  if (!is_name(name)) return std::nullopt;
  std::optional<std::string> value = rest.starts_with('\'')  ? single_quoted(rest)
                                     : rest.starts_with('"') ? double_quoted(rest)
                                                             : std::optional{plain(rest)};
  if (!value) return std::nullopt;
  return std::pair{std::string{name}, *std::move(value)};
}

}  // namespace

Result<std::map<std::string, std::string>> parse_dotenv(std::string_view text) {
  std::map<std::string, std::string> values;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::string_view line = trim(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (line.empty() || line.front() == '#') continue;
    auto parsed = parse_line(line);
    if (!parsed) {
      // The line may hold a secret, so only its number is given.
      return fail(
          ErrorCode::invalid,
          fmt::format("line {} is not NAME=value, with quotes closed where opened", number));
    }
    values.insert_or_assign(std::move(parsed->first), std::move(parsed->second));
  }
  return values;
}

}  // namespace metergate
