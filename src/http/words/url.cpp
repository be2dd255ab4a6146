#include "http/words/url.h"

#include <algorithm>

#include "base/utf8.h"
#include "http/words/characters.h"

namespace metergate::http {
namespace {

constexpr std::size_t kQueryValuesMax = 64;

std::optional<int> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

// RFC 3986: pchar, '/' and the '%' of an escape.
bool is_path_character(char c) {
  static constexpr CharacterSet kCharacters{"-._~!$&'()*+,;=:@/%"};
  return kCharacters.holds(c);
}

bool has_control(std::string_view text) { return std::ranges::any_of(text, is_control); }

bool has_encoded_slash(std::string_view raw) {
  for (std::size_t at = raw.find('%'); at != std::string_view::npos; at = raw.find('%', at + 1)) {
    const std::string_view digits = raw.substr(at + 1, 2);
    if (digits == "2F" || digits == "2f" || digits == "5C" || digits == "5c") return true;
  }
  return false;
}

Result<std::string> parse_path(std::string_view raw) {
  if (raw.empty() || raw.front() != '/')
    return fail(ErrorCode::invalid, "the request target must begin with '/'");
  if (!std::ranges::all_of(raw, is_path_character))
    return fail(ErrorCode::invalid, "the path has a character that must be percent-encoded");
  if (has_encoded_slash(raw))
    return fail(ErrorCode::invalid, "the path has an encoded slash or backslash");
  const bool is_plain = raw.find('%') == std::string_view::npos;
  std::optional<std::string> path = is_plain ? std::string{raw} : percent_decode(raw);
  if (!path) return fail(ErrorCode::invalid, "the path has a '%' without two hexadecimal digits");
  if (!is_plain && (has_control(*path) || !is_well_formed_utf8(*path)))
    return fail(ErrorCode::invalid, "the path has a control character or is not UTF-8");
  if (has_dot_segment(*path)) return fail(ErrorCode::invalid, "the path has a segment '.' or '..'");
  return std::move(*path);
}

// True for characters that browsers send unescaped, besides those of a path.
bool is_passing_character(char c) {
  static constexpr CharacterSet kCharacters{"-._~!$&'()*+,;=:@/%[]|^"};
  return kCharacters.holds(c);
}

// True for escapes whose meaning differs from that of their byte.
bool stays_encoded(char c) {
  constexpr std::string_view kMeaning = "/\\%?#";
  return is_control(c) || kMeaning.find(c) != std::string_view::npos;
}

// Takes escapes of bytes above ASCII from the front of `rest`, and decodes them if they form UTF-8.
void take_wide_escapes(std::string_view& rest, std::string& out) {
  std::string bytes;
  std::size_t size = 0;
  while (size + 2 < rest.size() && rest[size] == '%') {
    const auto high = hex_digit(rest[size + 1]);
    const auto low = hex_digit(rest[size + 2]);
    if (!high || !low || *high < 8) break;
    bytes.push_back(static_cast<char>(*high * 16 + *low));
    size += 3;
  }
  out += is_well_formed_utf8(bytes) ? std::string_view{bytes} : rest.substr(0, size);
  rest.remove_prefix(size);
}

Result<std::string> decode_passing(std::string_view rest) {
  std::string out;
  out.reserve(rest.size());
  while (!rest.empty()) {
    const std::size_t escape = std::min(rest.find('%'), rest.size());
    out.append(rest.substr(0, escape));
    rest.remove_prefix(escape);
    if (rest.empty()) break;
    const auto byte = percent_decode(rest.substr(0, 3));
    if (!byte) return fail(ErrorCode::invalid, "the path has a '%' without two hexadecimal digits");
    const char c = byte->front();
    if (c == '\0') return fail(ErrorCode::invalid, "the path has an encoded NUL");
    if (static_cast<unsigned char>(c) >= 0x80) {
      take_wide_escapes(rest, out);
      continue;
    }
    out += stays_encoded(c) ? rest.substr(0, 3) : std::string_view{*byte};
    rest.remove_prefix(3);
  }
  return out;
}

// Form encoding: '+' means a space.
Result<std::string> decode_query_part(std::string_view raw) {
  std::string spaced{raw};
  std::ranges::replace(spaced, '+', ' ');
  std::optional<std::string> text = percent_decode(spaced);
  if (!text) return fail(ErrorCode::invalid, "the query has a '%' without two hexadecimal digits");
  if (has_control(*text) || !is_well_formed_utf8(*text))
    return fail(ErrorCode::invalid, "the query has a control character or is not UTF-8");
  return std::move(*text);
}

Result<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view raw) {
  std::vector<std::pair<std::string, std::string>> values;
  std::size_t start = 0;
  while (start < raw.size()) {
    const std::size_t end = std::min(raw.find('&', start), raw.size());
    const std::string_view part = raw.substr(start, end - start);
    start = end + 1;
    if (part.empty()) continue;
    if (values.size() == kQueryValuesMax)
      return fail(ErrorCode::invalid, "the query has more than 64 values");
    const std::size_t equals = std::min(part.find('='), part.size());
    std::string name = TRY(decode_query_part(part.substr(0, equals)));
    std::string value = TRY(decode_query_part(part.substr(std::min(equals + 1, part.size()))));
    values.emplace_back(std::move(name), std::move(value));
  }
  return values;
}

Result<> check_characters(std::string_view target) {
  if (target.find('#') != std::string_view::npos)
    return fail(ErrorCode::invalid, "the request target has a fragment");
  if (!std::ranges::all_of(target, is_visible))
    return fail(ErrorCode::invalid, "the request target has a character that is not visible ASCII");
  return {};
}

}  // namespace

bool has_dot_segment(std::string_view path) {
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, end);
    if (segment == "." || segment == "..") return true;
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return false;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (true) {
    const std::size_t escape = std::min(text.find('%'), text.size());
    out.append(text.substr(0, escape));
    text.remove_prefix(escape);
    if (text.empty()) return out;
    if (text.size() < 3) return std::nullopt;
    const auto high = hex_digit(text[1]);
    const auto low = hex_digit(text[2]);
    if (!high || !low) return std::nullopt;
    out.push_back(static_cast<char>(*high * 16 + *low));
    text.remove_prefix(3);
  }
}

Result<std::string> parse_target_path(std::string_view target) {
  TRY(check_characters(target));
  return parse_path(target.substr(0, target.find('?')));
}

Result<std::string> parse_passing_path(std::string_view target) {
  TRY(check_characters(target));
  const std::string_view raw = target.substr(0, target.find('?'));
  if (!raw.starts_with('/'))
    return fail(ErrorCode::invalid, "the request target must begin with '/'");
  if (!std::ranges::all_of(raw, is_passing_character))
    return fail(ErrorCode::invalid, "the path has a character that must be percent-encoded");
  std::string path = TRY(decode_passing(raw));
  if (has_dot_segment(path)) return fail(ErrorCode::invalid, "the path has a segment '.' or '..'");
  return path;
}

Result<std::vector<std::pair<std::string, std::string>>> parse_target_query(
    std::string_view target) {
  const std::size_t mark = std::min(target.find('?'), target.size());
  return parse_query(target.substr(std::min(mark + 1, target.size())));
}

Result<Target> parse_target(std::string_view target) {
  std::string path = TRY(parse_target_path(target));
  auto query = TRY(parse_target_query(target));
  return Target{std::move(path), std::move(query)};
}

}  // namespace metergate::http
