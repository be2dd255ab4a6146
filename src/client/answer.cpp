#include "client/answer.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <iomanip>
#include <sstream>

#include "client/time.h"

namespace metergate::client {
namespace {

constexpr std::size_t kHeadBytesMax = 64 * 1024;
constexpr std::size_t kBodyBytesMax = 1024 * 1024;
constexpr std::size_t kChunkLineMax = 1024;
constexpr std::chrono::seconds kRetryAfterMax = std::chrono::hours{1};
constexpr std::string_view kLineEnd = "\r\n";

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

std::string_view trimmed(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<std::size_t> number_of(std::string_view text, int base) {
  std::size_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data(), end, number, base);
  if (error != std::errc{} || last != end) return std::nullopt;
  return number;
}

}  // namespace

std::optional<std::chrono::seconds> parse_retry_after(std::string_view value,
                                                      std::chrono::milliseconds now_since_epoch) {
  using std::chrono::seconds;
  if (!value.empty() && std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; })) {
    const std::size_t number = number_of(value, 10).value_or(kRetryAfterMax.count());
    return std::min(seconds(std::min(number, std::size_t{1} << 30)), kRetryAfterMax);
  }
  std::istringstream text{std::string(value)};
  text.imbue(std::locale::classic());
  std::tm date{};
  text >> std::get_time(&date, "%a, %d %b %Y %H:%M:%S GMT");
  if (text.fail()) return std::nullopt;
  const seconds away = seconds(timegm(&date)) - std::chrono::floor<seconds>(now_since_epoch);
  return std::clamp(away, seconds(0), kRetryAfterMax);
}

AnswerReader::State AnswerReader::add(std::string_view bytes) {
  if (state_ != State::reading) return state_ = State::broken;  // bytes that were not asked for
  is_untouched_ = is_untouched_ && bytes.empty();
  input_ += bytes;
  return state_ = step();
}

AnswerReader::State AnswerReader::end() {
  if (state_ != State::reading) return state_;
  if (!has_head_ || framing_ != Framing::until_close) return state_ = State::broken;
  answer_.body = std::move(input_);
  return state_ = State::complete;
}

AnswerReader::State AnswerReader::step() {
  while (!has_head_) {
    const std::size_t end = input_.find("\r\n\r\n");
    if (end == std::string::npos) {
      return input_.size() > kHeadBytesMax ? State::broken : State::reading;
    }
    if (!read_head(std::string_view(input_).substr(0, end + kLineEnd.size()))) return State::broken;
    input_.erase(0, end + 2 * kLineEnd.size());
    has_head_ = answer_.status >= 200;  // earlier heads, such as 100 Continue, announce another
  }
  return read_body();
}

// Reads a head that ends with its last line, without the empty one.
bool AnswerReader::read_head(std::string_view head) {
  answer_ = Answer{};
  framing_ = Framing::until_close;
  const std::size_t end = head.find(kLineEnd);
  const std::string_view line = head.substr(0, end);
  if (!line.starts_with("HTTP/1.") || line.size() < 12 || line[8] != ' ') return false;
  keeps_connection_ = line[7] == '1';
  const std::optional<std::size_t> status = number_of(line.substr(9, 3), 10);
  if (!status || *status < 100 || *status > 599) return false;
  answer_.status = static_cast<int>(*status);
  head.remove_prefix(end + kLineEnd.size());
  while (!head.empty()) {
    const std::size_t field_end = head.find(kLineEnd);
    if (!read_field(head.substr(0, field_end))) return false;
    head.remove_prefix(field_end + kLineEnd.size());
  }
  if (answer_.status == 204 || answer_.status == 304) {
    framing_ = Framing::length;
    length_ = 0;
  }
  if (framing_ == Framing::until_close) keeps_connection_ = false;
  return true;
}

bool AnswerReader::read_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return false;
  const std::string name = lower(line.substr(0, colon));
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (name == "content-length" && framing_ != Framing::chunked) {
    const std::optional<std::size_t> length = number_of(value, 10);
    if (!length || *length > kBodyBytesMax) return false;
    framing_ = Framing::length;
    length_ = *length;
  } else if (name == "transfer-encoding") {
    if (lower(value) != "chunked") return false;
    framing_ = Framing::chunked;
  } else if (name == "connection" && lower(value) == "close") {
    keeps_connection_ = false;
  } else if (name == "retry-after") {
    answer_.retry_after = parse_retry_after(value, since_epoch());
  }
  return true;
}

AnswerReader::State AnswerReader::read_body() {
  if (framing_ == Framing::chunked) return read_chunks();
  if (framing_ == Framing::until_close) {
    return input_.size() > kBodyBytesMax ? State::broken : State::reading;
  }
  if (input_.size() < length_) return State::reading;
  if (input_.size() > length_) return State::broken;
  answer_.body = std::move(input_);
  return State::complete;
}

AnswerReader::State AnswerReader::read_chunks() {
  while (true) {
    const std::size_t line_end = input_.find(kLineEnd);
    if (line_end == std::string::npos) {
      return input_.size() > kChunkLineMax ? State::broken : State::reading;
    }
    const std::string_view line = std::string_view(input_).substr(0, line_end);
    const std::optional<std::size_t> size = number_of(trimmed(line.substr(0, line.find(';'))), 16);
    if (!size || *size > kBodyBytesMax || answer_.body.size() + *size > kBodyBytesMax) {
      return State::broken;
    }
    const std::size_t begin = line_end + kLineEnd.size();
    // Trailers after the last chunk are skipped.
    if (*size == 0) {
      const bool is_over = input_.compare(begin, 2, kLineEnd) == 0 ||
                           input_.find("\r\n\r\n", line_end) != std::string::npos;
      if (is_over) return State::complete;
      return input_.size() > kHeadBytesMax ? State::broken : State::reading;
    }
    if (input_.size() < begin + *size + kLineEnd.size()) return State::reading;
    answer_.body.append(input_, begin, *size);
    input_.erase(0, begin + *size + kLineEnd.size());
  }
}

}  // namespace metergate::client
