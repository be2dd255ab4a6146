#include "client/json_scanner.h"

#include <algorithm>
#include <charconv>

namespace metergate::client {
namespace {

constexpr std::string_view kScalarCharacters =
    "+-.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

void append_utf8(unsigned code, std::string& out) {
  const auto byte = [&](unsigned value) { out += static_cast<char>(value); };
  if (code < 0x80) return byte(code);
  if (code < 0x800) {
    byte(0xC0 | code >> 6);
  } else {
    byte(0xE0 | code >> 12);
    byte(0x80 | (code >> 6 & 0x3F));
  }
  byte(0x80 | (code & 0x3F));
}

}  // namespace

char JsonScanner::peek() {
  const std::size_t start = text_.find_first_not_of(" \t\r\n");
  text_.remove_prefix(std::min(start, text_.size()));
  return is_good_ && !text_.empty() ? text_.front() : '\0';
}

bool JsonScanner::take(char c) {
  if (peek() != c) return false;
  text_.remove_prefix(1);
  return true;
}

void JsonScanner::list(char open, char close, const std::function<void()>& item) {
  if (!take(open) || ++depth_ > kDepthMax) return fail();
  if (!take(close)) {
    do {
      item();
    } while (is_good_ && take(','));
    if (!take(close)) return fail();
  }
  --depth_;
}

void JsonScanner::members(const std::function<void(const std::string& name)>& member) {
  if (peek() != '{') return skip();
  list('{', '}', [&] {
    const std::string name = quoted_text();
    if (!take(':')) return fail();
    member(name);
  });
}

void JsonScanner::elements(const std::function<void()>& element) {
  if (peek() != '[') return skip();
  list('[', ']', element);
}

std::optional<std::string> JsonScanner::text() {
  if (peek() == '"') return quoted_text();
  skip();
  return std::nullopt;
}

std::optional<std::int64_t> JsonScanner::integer() {
  peek();
  const std::string_view before = text_;
  skip();
  const std::string_view token = before.substr(0, before.size() - text_.size());
  std::int64_t value = 0;
  const char* const end = token.data() + token.size();
  const auto [last, error] = std::from_chars(token.data(), end, value);
  if (!is_good_ || error != std::errc{} || last != end) return std::nullopt;
  return value;
}

void JsonScanner::skip() {
  const char first = peek();
  if (first == '{') return members([this](const std::string&) { skip(); });
  if (first == '[') return elements([this] { skip(); });
  if (first == '"') {
    quoted_text();
    return;
  }
  const std::size_t end = std::min(text_.find_first_not_of(kScalarCharacters), text_.size());
  if (end == 0) return fail();
  text_.remove_prefix(end);
}

std::string JsonScanner::quoted_text() {
  std::string out;
  if (!take('"')) {
    fail();
    return out;
  }
  while (!text_.empty() && text_.front() != '"' && is_good_) {
    if (text_.front() == '\\') {
      escape(out);
    } else {
      out += text_.front();
      text_.remove_prefix(1);
    }
  }
  if (text_.empty()) fail();
  if (is_good_) text_.remove_prefix(1);
  return out;
}

// Halves of surrogate pairs become three bytes each: these texts are only shown to people.
void JsonScanner::escape(std::string& out) {
  constexpr std::string_view kLetters = "\"\\/bfnrt";
  constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  if (text_.size() < 2) return fail();
  const char letter = text_[1];
  text_.remove_prefix(2);
  if (letter != 'u') {
    const std::size_t at = kLetters.find(letter);
    if (at == std::string_view::npos) return fail();
    out += kMeanings[at];
    return;
  }
  unsigned code = 0;
  const std::string_view digits = text_.substr(0, 4);
  const char* const end = digits.data() + digits.size();
  const auto [last, error] = std::from_chars(digits.data(), end, code, 16);
  if (digits.size() != 4 || error != std::errc{} || last != end) return fail();
  text_.remove_prefix(4);
  append_utf8(code, out);
}

}  // namespace metergate::client
