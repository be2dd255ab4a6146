#include <algorithm>
#include <charconv>

#include "http/net/asio.h"
// Beast's parser is built on Asio's buffers.
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include "http/words/characters.h"
#include "http/words/message.h"
#include "reading/former_readers.h"

namespace metergate::http::former {
namespace {

constexpr std::size_t kAnswerFieldsMax = 200;
constexpr std::size_t kAnswerFieldsUsual = 16;
constexpr std::size_t kAnswerLengthDigitsMax = 18;

std::unexpected<Error> refuse_answer(std::string_view message) {
  return fail(ErrorCode::upstream, std::string{message});
}

Result<> parse_status_line(std::string_view line, ResponseHead& head) {
  constexpr std::string_view kVersion = "HTTP/1.";
  constexpr std::size_t kStatusAt = 9;
  constexpr std::size_t kReasonAt = 12;
  const bool has_shape = line.size() >= kReasonAt && line.starts_with(kVersion) &&
                         (line[7] == '0' || line[7] == '1') && line[8] == ' ' &&
                         (line.size() == kReasonAt || line[kReasonAt] == ' ');
  if (!has_shape) return refuse_answer("the answer does not begin with an HTTP/1 status line");
  const std::string_view digits = line.substr(kStatusAt, 3);
  int status = 0;
  if (!std::ranges::all_of(digits, is_digit) ||
      std::from_chars(digits.data(), digits.data() + digits.size(), status).ec != std::errc{} ||
      status < 100 || status > 599)
    return refuse_answer("the answer's status is not a number from 100 to 599");
  const std::string_view reason = line.substr(std::min(line.size(), kReasonAt + 1));
  if (!is_field_value(reason)) return refuse_answer("the answer's reason has a control character");
  head.status = status;
  head.version_minor = line[7] - '0';
  head.reason = reason;
  return {};
}

// The value of a field that must occur only once; an error if it occurs several times.
Result<std::optional<std::string_view>> only_value(const ResponseHead& head,
                                                   std::string_view name) {
  std::optional<std::string_view> value;
  for (const ResponseField& field : head.fields) {
    if (!equals_ignoring_case(field.name, name)) continue;
    if (value) return refuse_answer("the answer says its length more than once");
    value = field.value;
  }
  return value;
}

Result<std::optional<std::int64_t>> content_length_of(const ResponseHead& head) {
  const auto text = TRY(only_value(head, "content-length"));
  if (!text) return std::optional<std::int64_t>{};
  std::int64_t length = 0;
  const bool has_shape = !text->empty() && text->size() <= kAnswerLengthDigitsMax &&
                         std::ranges::all_of(*text, is_digit);
  if (!has_shape ||
      std::from_chars(text->data(), text->data() + text->size(), length).ec != std::errc{})
    return refuse_answer("the answer's Content-Length is not a number");
  return std::optional{length};
}

bool names_option(const ResponseHead& head, std::string_view option) {
  return std::ranges::any_of(head.fields, [&](const ResponseField& field) {
    return equals_ignoring_case(field.name, "connection") && has_list_word(field.value, option);
  });
}

}  // namespace

bool has_list_word(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (equals_ignoring_case(trimmed(list.substr(0, comma)), word)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

Result<> parse_response_head(std::string_view bytes, ResponseHead& head) {
  head.fields.clear();
  head.fields.reserve(kAnswerFieldsUsual);
  bool is_first = true;
  while (true) {
    const std::size_t end = bytes.find("\r\n");
    if (end == std::string_view::npos) return refuse_answer("the answer's head has no end");
    const std::string_view line = bytes.substr(0, end);
    if (has_line_end(line))
      return refuse_answer("a line of the answer's head does not end in CRLF");
    bytes.remove_prefix(end + 2);
    if (is_first) {
      TRY(parse_status_line(line, head));
      is_first = false;
      continue;
    }
    if (line.empty()) break;
    if (head.fields.size() == kAnswerFieldsMax)
      return refuse_answer("the answer has more than 200 fields");
    const std::size_t colon = line.find(':');
    // We must remove a space before the colon (RFC 9112, 5.1). A space before the name would make
    // the line a continuation of the previous one.
    const std::string_view before = line.substr(0, std::min(colon, line.size()));
    const std::string_view name = before.substr(0, before.find_last_not_of(" \t") + 1);
    if (colon == std::string_view::npos || !is_token(name))
      return refuse_answer("a field of the answer is not a token directly followed by ':'");
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (!is_field_value(value))
      return refuse_answer("a field of the answer has a control character");
    head.fields.push_back({name, value});
  }
  if (!bytes.empty()) return refuse_answer("there is something after the empty line");
  return {};
}

Result<ResponseFraming> framing_of(const ResponseHead& head, bool answers_head) {
  const auto length = TRY(content_length_of(head));
  const auto coding = TRY(only_value(head, "transfer-encoding"));
  if (coding && (head.version_minor == 0 || !equals_ignoring_case(*coding, "chunked")))
    return refuse_answer("the answer's Transfer-Encoding is not 'chunked' in HTTP/1.1");
  if (coding && length)
    return refuse_answer("the answer has both Content-Length and Transfer-Encoding");
  const bool is_persistent = head.version_minor == 1 || names_option(head, "keep-alive");
  ResponseFraming framing{.keep_alive = is_persistent && !names_option(head, "close")};
  if (answers_head || is_bodiless(head.status)) {
    if (answers_head || head.status == 304) framing.said_length = length;
    return framing;
  }
  if (coding) {
    framing.body = BodyKind::chunked;
  } else if (length) {
    framing.body = BodyKind::length;
    framing.length = *length;
  } else {
    framing.body = BodyKind::until_close;
    framing.keep_alive = false;
  }
  return framing;
}

namespace {

namespace beast = boost::beast;
constexpr std::size_t kRetryAfterBytesMax = 64;

bool is_interim(int status) { return status >= 100 && status < 200; }

}  // namespace

class AnswerReader::Machine final : public beast::http::basic_parser<false> {
 public:
  Machine() {
    header_limit(kHeadBytesMax);
    body_limit(boost::none);  // the reader of the socket stops in time
    eager(true);
  }
  int answer_status = 0;
  bool is_past_head = false;
  std::optional<std::string> retry_after;
  std::string excerpt;

 private:
  using Text = beast::string_view;
  using Code = beast::error_code;

  void on_request_impl(beast::http::verb, Text, Text, int, Code& error) override { error = {}; }
  void on_response_impl(int status, Text, int, Code& error) override {
    error = status < 100 ? make_error_code(beast::http::error::bad_status) : Code{};
    answer_status = status;
  }
  void on_field_impl(beast::http::field name, Text, Text value, Code& error) override {
    error = {};
    const bool is_wanted = name == beast::http::field::retry_after && !is_past_head;
    if (is_wanted && value.size() <= kRetryAfterBytesMax) retry_after.emplace(value);
  }
  void on_header_impl(Code& error) override {
    error = {};
    is_past_head = true;
  }
  void on_body_init_impl(boost::optional<std::uint64_t> const&, Code& error) override {
    error = {};
  }
  std::size_t on_body_impl(Text bytes, Code& error) override {
    error = {};
    keep(bytes);
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t, Text, Code& error) override { error = {}; }
  std::size_t on_chunk_body_impl(std::uint64_t, Text bytes, Code& error) override {
    error = {};
    keep(bytes);
    return bytes.size();
  }
  void on_finish_impl(Code& error) override { error = {}; }

  void keep(Text bytes) {
    for (const char c : bytes) {
      if (excerpt.size() >= kExcerptBytesMax) return;
      excerpt.push_back(is_visible(c) || c == ' ' ? c : '.');
    }
  }
};

AnswerReader::AnswerReader() : machine_(std::make_unique<Machine>()) {}
AnswerReader::~AnswerReader() = default;

bool AnswerReader::has_head() const {
  return machine_->is_past_head && !is_interim(machine_->answer_status);
}
bool AnswerReader::is_complete() const { return has_head() && machine_->is_done(); }
int AnswerReader::status() const { return machine_->answer_status; }
const std::optional<std::string>& AnswerReader::retry_after() const {
  return machine_->retry_after;
}
const std::string& AnswerReader::excerpt() const { return machine_->excerpt; }

Result<> AnswerReader::restart_after_interim() {
  if (++interims_ > kInterimsMax) return fail(ErrorCode::invalid, "too many interim answers");
  machine_ = std::make_unique<Machine>();
  has_status_line_ = false;
  return {};
}

// Completes "HTTP/1.1 204" to "HTTP/1.1 204 ", the form that the parser requires. False if the line
// is not complete yet.
bool AnswerReader::complete_status_line() {
  if (has_status_line_) return true;
  constexpr std::size_t kShortLineBytes = std::string_view{"HTTP/1.1 204"}.size();
  const std::size_t end = waiting_.find("\r\n");
  if (end == std::string::npos && waiting_.size() <= kShortLineBytes + 1) return false;
  has_status_line_ = true;
  if (end == kShortLineBytes) waiting_.insert(end, 1, ' ');
  return true;
}

Result<> AnswerReader::take(std::string_view bytes) {
  waiting_.append(bytes);
  while (!waiting_.empty() && !machine_->is_done() && complete_status_line()) {
    beast::error_code error;
    const std::size_t taken =
        machine_->put(boost::asio::const_buffer{waiting_.data(), waiting_.size()}, error);
    waiting_.erase(0, taken);
    if (error == beast::http::error::need_more) return {};
    if (error) return fail(ErrorCode::invalid, "no HTTP answer: " + error.message());
    if (machine_->is_done() && is_interim(machine_->answer_status)) TRY(restart_after_interim());
  }
  return {};
}

}  // namespace metergate::http::former
