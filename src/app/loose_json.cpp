#include "app/loose_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

namespace metergate {
namespace {

constexpr std::size_t kTextBytesMax = 64 * 1024;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool is_word_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}

bool is_word(char c) { return is_word_start(c) || (c >= '0' && c <= '9') || c == '.'; }

// Completes a day, or a time without seconds or zone, as the shell does: midnight, and UTC. Other
// texts are returned unchanged for the reader to refuse.
std::string whole_instant(std::string_view text) {
  constexpr std::string_view kShape = "0000-00-00T00:00:00";
  std::string whole{text};
  if (text.size() > 10 && text[10] == ' ') whole[10] = 'T';
  const bool is_of_shape =
      (text.size() == 4 || text.size() == 7 || text.size() == 10 || text.size() == 16 ||
       text.size() == 19) &&
      std::ranges::equal(whole, kShape.substr(0, whole.size()), [](char c, char shape) {
        return shape == '0' ? c >= '0' && c <= '9' : c == shape;
      });
  if (!is_of_shape) {
    // A fraction of a second without a zone.
    const std::size_t digits = text.find_first_not_of("0123456789", 20);
    const bool has_fraction = text.size() > 20 && text[19] == '.' && digits == text.npos;
    return has_fraction ? whole + "Z" : whole;
  }
  constexpr std::string_view kStart = "0000-01-01T00:00:00";
  return whole + std::string{kStart.substr(whole.size())} + "Z";
}

// Rewrites the shell's notation as Extended JSON, piece by piece. The strict parser then checks the
// result.
class Rewriter {
 public:
  explicit Rewriter(std::string_view text) : text_(text) {}

  Result<std::string> rewrite() {
    while (at_ < text_.size()) TRY(piece());
    return std::move(out_);
  }

 private:
  Result<bool> piece() {
    const char c = text_[at_];
    if (c == '"' || c == '\'') return quoted();
    if (is_word_start(c)) return word();
    if (c == ',' && (next_sign(at_ + 1) == '}' || next_sign(at_ + 1) == ']')) {
      ++at_;  // a trailing comma
      return true;
    }
    if (c == '/') return refuse("regular expressions are not among the operators");
    out_.push_back(c);
    ++at_;
    return true;
  }

  Result<bool> quoted() {
    const char quote = text_[at_];
    std::string content;
    for (std::size_t i = at_ + 1; i < text_.size(); ++i) {
      if (text_[i] == quote) {
        out_ += '"' + content + '"';
        at_ = i + 1;
        return true;
      }
      if (text_[i] == '"') {
        content += "\\\"";
      } else if (text_[i] == '\\' && i + 1 < text_.size()) {
        ++i;
        if (text_[i] != '\'') content.push_back('\\');
        content.push_back(text_[i]);
      } else {
        content.push_back(text_[i]);
      }
    }
    return refuse("a quote is opened and not closed");
  }

  Result<bool> word() {
    std::size_t end = at_;
    while (end < text_.size() && is_word(text_[end])) ++end;
    const std::string_view name = text_.substr(at_, end - at_);
    if (next_sign(end) == ':') {
      out_ += fmt::format("\"{}\"", name);
      at_ = end;
      return true;
    }
    if (name == "true" || name == "false" || name == "null") {
      out_ += name;
      at_ = end;
      return true;
    }
    if (name == "new" && end < text_.size() && is_space(text_[end])) {
      while (end < text_.size() && is_space(text_[end])) ++end;
      at_ = end;
      return true;
    }
    return call(name, end);
  }

  // ISODate("…"), Date("…"), NumberLong("…") and the like, with or without `new`.
  Result<bool> call(std::string_view name, std::size_t after_name) {
    const bool is_date = name == "ISODate" || name == "Date";
    constexpr std::array<std::string_view, 7> kNumbers = {
        "NumberLong", "NumberInt", "NumberDecimal", "Long", "Int32", "Double", "Decimal128"};
    const bool is_number = std::ranges::find(kNumbers, name) != kNumbers.end();
    if ((!is_date && !is_number) || next_sign(after_name) != '(') {
      return refuse(fmt::format("{:.40} stands without quotes", name));
    }
    const std::size_t open = text_.find('(', after_name);
    const std::size_t close = text_.find(')', open);
    if (close == std::string_view::npos) return refuse("a bracket is opened and not closed");
    std::string_view operand = text_.substr(open + 1, close - open - 1);
    while (!operand.empty() && is_space(operand.front())) operand.remove_prefix(1);
    while (!operand.empty() && is_space(operand.back())) operand.remove_suffix(1);
    const bool is_quoted = operand.size() >= 2 &&
                           (operand.front() == '"' || operand.front() == '\'') &&
                           operand.back() == operand.front();
    if (is_quoted) operand = operand.substr(1, operand.size() - 2);
    out_ += is_date ? "{\"$date\":" : "{\"$numberLong\":";
    if (is_date && !is_quoted) {
      out_ += operand;  // milliseconds
    } else {
      append_quoted(is_date ? whole_instant(operand) : std::string{operand}, out_);
    }
    out_.push_back('}');
    at_ = close + 1;
    return true;
  }

  char next_sign(std::size_t from) const {
    while (from < text_.size() && is_space(text_[from])) ++from;
    return from < text_.size() ? text_[from] : '\0';
  }

  std::unexpected<Error> refuse(std::string_view why) const {
    return fail(ErrorCode::invalid, fmt::format("at character {}: {}", at_ + 1, why));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string out_;
};

}  // namespace

Result<Json> parse_loose_json(std::string_view text) {
  if (text.size() > kTextBytesMax) {
    return fail(ErrorCode::invalid, fmt::format("longer than {} bytes", kTextBytesMax));
  }
  const std::string strict = TRY(Rewriter(text).rewrite());
  return parse_extended_json(strict);
}

}  // namespace metergate
