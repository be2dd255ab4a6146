#include "http/wire/head.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "http/wire/scan.h"
#include "http/words/characters.h"
#include "http/words/message.h"

namespace metergate::http {
namespace {

constexpr std::size_t kMethodLengthMax = 32;
constexpr std::size_t kFieldsUsual = 16;
constexpr std::string_view kEndOfLine = "\r\n";

std::unexpected<Error> refuse_head(ErrorCode code, std::string_view message) {
  return fail(code, std::string{message});
}

// How the two directions differ.
struct Side {
  ErrorCode code;  // of what is malformed
  std::size_t fields_max;
  ErrorCode code_of_too_many;
  std::size_t length_digits_max;
  bool takes_space_before_colon;
  std::string_view too_many;
  std::string_view bad_line_end;
  std::string_view bad_name;
  std::string_view bad_value;
};

constexpr Side kRequest{
    .code = ErrorCode::invalid,
    .fields_max = 100,
    .code_of_too_many = ErrorCode::headers_too_large,
    .length_digits_max = 19,
    .takes_space_before_colon = false,
    .too_many = "the head has more than 100 fields",
    .bad_line_end = "a line does not end in CRLF",
    .bad_name = "a header field is not a token directly followed by ':'",
    .bad_value = "a header field's value has a control character",
};
constexpr Side kAnswer{
    .code = ErrorCode::upstream,
    .fields_max = 200,
    .code_of_too_many = ErrorCode::upstream,
    .length_digits_max = 18,
    .takes_space_before_colon = true,
    .too_many = "the answer has more than 200 fields",
    .bad_line_end = "a line of the answer's head does not end in CRLF",
    .bad_name = "a field of the answer is not a token directly followed by ':'",
    .bad_value = "a field of the answer has a control character",
};

// Takes lines from the front of a head.
class Lines {
 public:
  explicit Lines(std::string_view bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}

  const char* at() const { return at_; }
  const char* end() const { return end_; }
  bool is_over() const { return at_ == end_; }
  void skip_to(const char* at) { at_ = at; }
  bool take_line_end() {
    const bool is_one = end_ - at_ >= 2 && at_[0] == '\r' && at_[1] == '\n';
    if (is_one) at_ += kEndOfLine.size();
    return is_one;
  }
  // The rest of the line, and then its end; nothing if another control character comes first.
  std::optional<std::string_view> take_value() {
    const char* const begin = at_;
    at_ = run_end<runs::Value>(at_, end_);
    const std::string_view value{begin, at_};
    if (!take_line_end()) return std::nullopt;
    return value;
  }
  // True if the line at `at` has a CR or an LF that does not end it.
  bool has_bare_line_end() const {
    const std::string_view rest{at_, end_};
    return has_line_end(rest.substr(0, rest.find(kEndOfLine)));
  }

 private:
  const char* at_;
  const char* end_;
};

// The sizes of these names differ, so a name is compared with one of them at most.
FieldKind kind_of(std::string_view name) {
  const auto kind_if = [name](std::string_view wanted, FieldKind kind) {
    return equals_ignoring_case(name, wanted) ? kind : FieldKind::other;
  };
  switch (name.size()) {
    case 4:
      return kind_if("host", FieldKind::host);
    case 6:
      return kind_if("expect", FieldKind::expect);
    case 10:
      return kind_if("connection", FieldKind::connection);
    case 14:
      return kind_if("content-length", FieldKind::content_length);
    case 16:
      return kind_if("proxy-connection", FieldKind::proxy_connection);
    case 17:
      return kind_if("transfer-encoding", FieldKind::transfer_encoding);
    default:
      return FieldKind::other;
  }
}

// Tokens with commas between, perhaps none; anything else may be read as a list of other words.
bool is_token_list(std::string_view list) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    const std::string_view word = trimmed(list.substr(0, comma));
    if (!word.empty() && !is_token(word)) return false;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return true;
}

bool is_list(FieldKind kind) {
  return kind == FieldKind::connection || kind == FieldKind::proxy_connection;
}

Result<> check_list(const FieldView& field) {
  if (is_list(field.kind) && !is_token_list(field.value))
    return refuse_head(ErrorCode::invalid, fmt::format("'{}' is not a list of tokens", field.name));
  return {};
}

// The refusal of a line that is no field.
std::unexpected<Error> refuse_line(const Side& side, const Lines& line, std::string_view why) {
  return refuse_head(side.code, line.has_bare_line_end() ? side.bad_line_end : why);
}

Result<FieldView> take_field(const Side& side, Lines& lines) {
  const Lines line = lines;
  const char* const begin = lines.at();
  if (side.code == ErrorCode::invalid && (*begin == ' ' || *begin == '\t'))
    return refuse_line(side, line, "a header field is folded or begins with a space");
  const char* const name_end = token_end(begin, lines.end());
  const char* colon = name_end;
  if (side.takes_space_before_colon) {
    while (colon != lines.end() && (*colon == ' ' || *colon == '\t')) ++colon;
  }
  if (name_end == begin || colon == lines.end() || *colon != ':')
    return refuse_line(side, line, side.bad_name);
  lines.skip_to(colon + 1);
  const auto value = lines.take_value();
  if (!value) return refuse_line(side, line, side.bad_value);
  FieldView field{.name = {begin, name_end}, .value = trimmed(*value)};
  field.kind = kind_of(field.name);
  return field;
}

// Up to the empty line, which must be the end.
Result<> take_fields(const Side& side, Lines& lines, FieldViews& fields) {
  fields.clear();
  fields.reserve(kFieldsUsual);
  while (!lines.take_line_end()) {
    if (lines.is_over()) return refuse_head(side.code, "the head does not end in an empty line");
    if (fields.size() == side.fields_max) return refuse_head(side.code_of_too_many, side.too_many);
    fields.push_back(TRY(take_field(side, lines)));
  }
  if (!lines.is_over()) return refuse_head(side.code, "there is something after the empty line");
  return {};
}

Result<> take_request_line(Lines& lines, RequestView& head) {
  const Lines whole = lines;
  const auto refuse_it = [&](std::string_view why) { return refuse_line(kRequest, whole, why); };
  const std::string_view rest{lines.at(), lines.end()};
  const std::string_view line = rest.substr(0, rest.find(kEndOfLine));
  const std::size_t first = line.find(' ');
  const std::size_t second = line.find(' ', first == std::string_view::npos ? first : first + 1);
  if (second == std::string_view::npos)
    return refuse_it("the request line is not 'METHOD TARGET VERSION' with single spaces");
  head.method = line.substr(0, first);
  head.target = line.substr(first + 1, second - first - 1);
  const std::string_view version = line.substr(second + 1);
  if (!is_token(head.method) || head.method.size() > kMethodLengthMax)
    return refuse_it("the method is not a token of at most 32 characters");
  const bool has_start = head.target.starts_with('/') || !scheme_of(head.target).empty();
  const char* const target_end = head.target.data() + head.target.size();
  if (!has_start || run_end<runs::Visible>(head.target.data(), target_end) != target_end)
    return refuse_it("the request target must begin with '/' or http:// and be visible ASCII");
  if (version != "HTTP/1.1" && version != "HTTP/1.0")
    return refuse_it("the version is neither HTTP/1.1 nor HTTP/1.0");
  head.version_minor = version.back() - '0';
  lines.skip_to(line.data() + line.size() + kEndOfLine.size());
  return {};
}

Result<> take_status_line(Lines& lines, ResponseHead& head) {
  constexpr std::string_view kVersion = "HTTP/1.";
  constexpr std::size_t kStatusAt = 9;
  constexpr std::size_t kReasonAt = 12;
  const Lines whole = lines;
  const auto refuse_it = [&](std::string_view why) { return refuse_line(kAnswer, whole, why); };
  const std::string_view rest{lines.at(), lines.end()};
  const std::string_view line = rest.substr(0, rest.find(kEndOfLine));
  const bool has_shape = line.size() >= kReasonAt && line.starts_with(kVersion) &&
                         (line[7] == '0' || line[7] == '1') && line[8] == ' ' &&
                         (line.size() == kReasonAt || line[kReasonAt] == ' ');
  if (!has_shape) return refuse_it("the answer does not begin with an HTTP/1 status line");
  const std::string_view digits = line.substr(kStatusAt, 3);
  if (!std::ranges::all_of(digits, is_digit) || digits.front() < '1' || digits.front() > '5')
    return refuse_it("the answer's status is not a number from 100 to 599");
  head.status = (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
  head.version_minor = line[7] - '0';
  head.reason = line.substr(std::min(line.size(), kReasonAt + 1));
  lines.skip_to(head.reason.data());
  if (!lines.take_value()) return refuse_it("the answer's reason has a control character");
  return {};
}

// The only field of the kind; null where there is none.
Result<const FieldView*> only_field(const Side& side, const FieldViews& fields, FieldKind kind) {
  const FieldView* found = nullptr;
  for (const FieldView& field : fields) {
    if (field.kind != kind) continue;
    if (found != nullptr) {
      return refuse_head(
          side.code, side.code == ErrorCode::upstream
                         ? "the answer says its length more than once"
                         : fmt::format("there is more than one '{}' field", to_lower(field.name)));
    }
    found = &field;
  }
  return found;
}

Result<std::optional<std::int64_t>> content_length_of(const Side& side, const FieldViews& fields,
                                                      std::string_view bad_length) {
  const FieldView* const field = TRY(only_field(side, fields, FieldKind::content_length));
  if (field == nullptr) return std::optional<std::int64_t>{};
  const std::string_view text = field->value;
  std::int64_t length = 0;
  const bool is_shaped =
      !text.empty() && text.size() <= side.length_digits_max && std::ranges::all_of(text, is_digit);
  if (!is_shaped ||
      std::from_chars(text.data(), text.data() + text.size(), length).ec != std::errc{})
    return refuse_head(side.code, bad_length);
  return std::optional{length};
}

bool names_option(const FieldViews& fields, std::string_view option) {
  return std::ranges::any_of(fields, [&](const FieldView& field) {
    return field.kind == FieldKind::connection && has_list_word(field.value, option);
  });
}

Result<> check_host(const RequestView& head) {
  const FieldView* const host = TRY(only_field(kRequest, head.fields, FieldKind::host));
  if (host == nullptr && head.version_minor == 1)
    return refuse_head(ErrorCode::invalid, "HTTP/1.1 needs a Host field");
  if (host != nullptr && !is_host(host->value))
    return refuse_head(ErrorCode::invalid, "the Host field is not a name or address with a port");
  return {};
}

Result<bool> is_chunked(const RequestView& head) {
  const FieldView* const coding =
      TRY(only_field(kRequest, head.fields, FieldKind::transfer_encoding));
  if (coding == nullptr) return false;
  if (head.version_minor == 0)
    return refuse_head(ErrorCode::invalid, "HTTP/1.0 has no Transfer-Encoding");
  if (!equals_ignoring_case(coding->value, "chunked"))
    return refuse_head(ErrorCode::invalid, "Transfer-Encoding must be 'chunked' and nothing else");
  return true;
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

bool is_host(std::string_view text) {
  static constexpr CharacterSet kCharacters{"-._~%!$&'()*+;=:[]"};
  const bool has_only_its_own =
      std::ranges::all_of(text, [](char c) { return kCharacters.holds(c); });
  const std::size_t colon = text.rfind(':');
  const bool has_port = colon != std::string_view::npos && text.find(']', colon) == text.npos;
  const std::string_view port = has_port ? text.substr(colon + 1) : std::string_view{};
  return !text.empty() && text.front() != ':' && has_only_its_own && port.size() <= 5 &&
         std::ranges::all_of(port, is_digit);
}

std::string_view scheme_of(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (equals_ignoring_case(target.substr(0, scheme.size()), scheme)) return scheme;
  }
  return {};
}

Result<> parse_request_head(std::string_view bytes, RequestView& head) {
  Lines lines(bytes);
  TRY(take_request_line(lines, head));
  return take_fields(kRequest, lines, head.fields);
}

Result<> parse_response_head(std::string_view bytes, ResponseHead& head) {
  Lines lines(bytes);
  TRY(take_status_line(lines, head));
  return take_fields(kAnswer, lines, head.fields);
}

Result<Framing> framing_of(const RequestView& head) {
  for (const FieldView& field : head.fields) {
    if (is_list(field.kind)) TRY(check_list(field));
  }
  TRY(check_host(head));
  const auto length = TRY(
      content_length_of(kRequest, head.fields, "Content-Length is not a number of 1 to 19 digits"));
  const bool chunked = TRY(is_chunked(head));
  if (chunked && length)
    return refuse_head(ErrorCode::invalid, "there are both Content-Length and Transfer-Encoding");
  const FieldView* const expectation = TRY(only_field(kRequest, head.fields, FieldKind::expect));
  const bool expects_continue =
      expectation != nullptr && equals_ignoring_case(expectation->value, "100-continue");
  if (expectation != nullptr && !expects_continue)
    return refuse_head(ErrorCode::invalid, "Expect may only be '100-continue'");
  const bool is_persistent = head.version_minor == 1 || names_option(head.fields, "keep-alive");
  return Framing{.content_length = length ? *length : 0,
                 .is_chunked = chunked,
                 .keep_alive = is_persistent && !names_option(head.fields, "close"),
                 .expects_continue = expects_continue && head.version_minor == 1};
}

Result<ResponseFraming> framing_of(const ResponseHead& head, bool answers_head) {
  const auto length =
      TRY(content_length_of(kAnswer, head.fields, "the answer's Content-Length is not a number"));
  const FieldView* const coding =
      TRY(only_field(kAnswer, head.fields, FieldKind::transfer_encoding));
  const bool is_chunked = coding != nullptr;
  if (is_chunked && (head.version_minor == 0 || !equals_ignoring_case(coding->value, "chunked")))
    return refuse_head(ErrorCode::upstream,
                       "the answer's Transfer-Encoding is not 'chunked' in HTTP/1.1");
  if (is_chunked && length)
    return refuse_head(ErrorCode::upstream,
                       "the answer has both Content-Length and Transfer-Encoding");
  const bool is_persistent = head.version_minor == 1 || names_option(head.fields, "keep-alive");
  ResponseFraming framing{.keep_alive = is_persistent && !names_option(head.fields, "close")};
  if (answers_head || is_bodiless(head.status)) {
    if (answers_head || head.status == 304) framing.said_length = length;
    return framing;
  }
  if (is_chunked) {
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

Result<> check_trailers(std::string_view bytes) {
  Lines lines(bytes);
  while (!lines.is_over()) {
    const FieldView field = TRY(take_field(kRequest, lines));
    TRY(check_list(field));
    const bool says_length =
        field.kind == FieldKind::content_length || field.kind == FieldKind::transfer_encoding;
    if (says_length)
      return refuse_head(ErrorCode::invalid,
                         fmt::format("a trailer must not be '{}'", to_lower(field.name)));
  }
  return {};
}

}  // namespace metergate::http
