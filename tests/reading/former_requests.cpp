#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "http/net/asio.h"
// Beast's parser is built on Asio's buffers.
#include <boost/beast/http/basic_parser.hpp>

#include "http/words/characters.h"
#include "reading/former_readers.h"

namespace metergate::http::former {
namespace {

constexpr std::size_t kMethodLengthMax = 32;
constexpr std::size_t kFieldsMax = 100;
constexpr std::size_t kLengthDigitsMax = 19;
constexpr std::size_t kChunkDigitsMax = 8;

std::unexpected<Error> refuse_request(std::string message) {
  return fail(ErrorCode::invalid, std::move(message));
}

// The scheme of an absolute target; empty for other targets.
std::string_view scheme_of(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (equals_ignoring_case(target.substr(0, scheme.size()), scheme)) return scheme;
  }
  return {};
}

Result<> check_request_line(std::string_view line) {
  const std::size_t first = line.find(' ');
  const std::size_t second = line.find(' ', first == std::string_view::npos ? first : first + 1);
  if (second == std::string_view::npos)
    return refuse_request("the request line is not 'METHOD TARGET VERSION' with single spaces");
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, second - first - 1);
  const std::string_view version = line.substr(second + 1);
  if (!is_token(method) || method.size() > kMethodLengthMax)
    return refuse_request("the method is not a token of at most 32 characters");
  const bool has_start = target.starts_with('/') || !scheme_of(target).empty();
  if (!has_start || !std::ranges::all_of(target, is_visible))
    return refuse_request("the request target must begin with '/' or http:// and be visible ASCII");
  if (version != "HTTP/1.1" && version != "HTTP/1.0")
    return refuse_request("the version is neither HTTP/1.1 nor HTTP/1.0");
  return {};
}

// The value of a field that must occur only once; an error if it occurs several times. Nothing if
// it is absent.
Result<std::optional<std::string_view>> only_value(const RequestHead& head, std::string_view name) {
  std::optional<std::string_view> value;
  for (const Header& field : head.headers) {
    if (field.first != name) continue;
    if (value) return refuse_request(fmt::format("there is more than one '{}' field", name));
    value = field.second;
  }
  return value;
}

Result<> check_host(const RequestHead& head) {
  const auto host = TRY(only_value(head, "host"));
  if (!host && head.version_minor == 1) return refuse_request("HTTP/1.1 needs a Host field");
  if (host && !is_host(*host))
    return refuse_request("the Host field is not a name or address with a port");
  return {};
}

Result<std::optional<std::int64_t>> content_length_of(const RequestHead& head) {
  const auto text = TRY(only_value(head, "content-length"));
  if (!text) return std::optional<std::int64_t>{};
  std::int64_t length = 0;
  const bool is_shaped =
      !text->empty() && text->size() <= kLengthDigitsMax && std::ranges::all_of(*text, is_digit);
  const char* end = text->data() + text->size();
  if (!is_shaped || std::from_chars(text->data(), end, length).ec != std::errc{})
    return refuse_request("Content-Length is not a number of 1 to 19 digits");
  return std::optional{length};
}

Result<bool> is_chunked(const RequestHead& head) {
  const auto coding = TRY(only_value(head, "transfer-encoding"));
  if (!coding) return false;
  if (head.version_minor == 0) return refuse_request("HTTP/1.0 has no Transfer-Encoding");
  if (!equals_ignoring_case(*coding, "chunked"))
    return refuse_request("Transfer-Encoding must be 'chunked' and nothing else");
  return true;
}

bool names_option(const RequestHead& head, std::string_view option) {
  for (const Header& field : head.headers) {
    if (field.first != "connection") continue;
    std::string_view rest = field.second;
    while (!rest.empty()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      if (equals_ignoring_case(trimmed(rest.substr(0, comma)), option)) return true;
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return false;
}

}  // namespace

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

Result<> take_absolute_form(RequestHead& head) {
  const std::string_view scheme = scheme_of(head.target);
  if (scheme.empty()) return {};
  const std::string_view rest = std::string_view{head.target}.substr(scheme.size());
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  if (!is_host(authority))
    return refuse_request("the request target's host is not a name or address with a port");
  const auto field = std::ranges::find(head.headers, "host", &Header::first);
  if (field == head.headers.end()) {
    head.headers.emplace_back("host", authority);
  } else {
    field->second = authority;
  }
  const std::string_view path = rest.substr(authority.size());
  head.target = (path.starts_with('/') ? "" : "/") + std::string{path};
  return {};
}

Result<> check_field_line(std::string_view line) {
  if (line.empty() || line.front() == ' ' || line.front() == '\t')
    return refuse_request("a header field is folded or begins with a space");
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
    return refuse_request("a header field is not a token directly followed by ':'");
  if (!is_field_value(line.substr(colon + 1)))
    return refuse_request("a header field's value has a control character");
  return {};
}

Result<> check_head_bytes(std::string_view head) {
  std::size_t lines = 0;
  while (true) {
    const std::size_t end = head.find("\r\n");
    if (end == std::string_view::npos)
      return refuse_request("the head does not end in an empty line");
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end + 2);
    if (lines > 0 && line.empty()) break;
    if (lines > kFieldsMax)
      return fail(ErrorCode::headers_too_large, "the head has more than 100 fields");
    const Result<> checked = lines == 0 ? check_request_line(line) : check_field_line(line);
    // Neither check accepts a lone CR or LF, but the message should name the line's end.
    if (!checked && has_line_end(line)) return refuse_request("a line does not end in CRLF");
    TRY(checked);
    ++lines;
  }
  if (!head.empty()) return refuse_request("there is something after the empty line");
  return {};
}

Result<std::uint32_t> check_chunk_line(std::string_view line) {
  std::uint32_t size = 0;
  const char* end = line.data() + line.size();
  const auto read = std::from_chars(line.data(), end, size, 16);
  const auto digits = static_cast<std::size_t>(read.ptr - line.data());
  if (read.ec != std::errc{} || digits > kChunkDigitsMax)
    return refuse_request("a chunk's size is not 1 to 8 hexadecimal digits");
  const std::string_view extensions = line.substr(digits);
  if (!extensions.empty() && extensions.front() != ';')
    return refuse_request("a chunk's size is followed by something else than ';'");
  if (!is_field_value(extensions))
    return refuse_request("a chunk's extension has a control character");
  return size;
}

Result<Framing> framing_of(const RequestHead& head) {
  TRY(check_host(head));
  const auto length = TRY(content_length_of(head));
  const bool chunked = TRY(is_chunked(head));
  if (chunked && length)
    return refuse_request("there are both Content-Length and Transfer-Encoding");
  const auto expectation = TRY(only_value(head, "expect"));
  const bool expects_continue = expectation && equals_ignoring_case(*expectation, "100-continue");
  if (expectation && !expects_continue) return refuse_request("Expect may only be '100-continue'");
  const bool is_persistent = head.version_minor == 1 || names_option(head, "keep-alive");
  return Framing{.content_length = length ? *length : 0,
                 .is_chunked = chunked,
                 .keep_alive = is_persistent && !names_option(head, "close"),
                 .expects_continue = expects_continue && head.version_minor == 1};
}

namespace {

namespace beast = boost::beast;
constexpr std::size_t kFieldsUsual = 16;
constexpr std::size_t kChunkLineMax = 1024;

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

std::unexpected<Error> bare_line_end() {
  return fail(ErrorCode::invalid, "a line does not end in CRLF");
}

}  // namespace

// Receives the results of Beast's parser.
class RequestParser::Machine final {
 public:
  Machine(RequestHead& head, std::string& body) : head_(head), body_(body) { restart(); }

  void restart() {
    parser_.emplace(head_, body_);
    parser_->eager(true);
    // Our own limits are checked before any byte gets here.
    parser_->header_limit(std::numeric_limits<std::uint32_t>::max());
    parser_->body_limit(boost::none);
  }

  // True if it took all of them.
  bool put(std::string_view bytes) {
    beast::error_code error;
    const std::size_t taken =
        parser_->put(boost::asio::const_buffer{bytes.data(), bytes.size()}, error);
    return !error && taken == bytes.size();
  }
  bool is_done() const { return parser_->is_done(); }

 private:
  class Callbacks final : public beast::http::basic_parser<true> {
   public:
    Callbacks(RequestHead& head, std::string& body) : head_(head), body_(body) {}

   private:
    using Verb = beast::http::verb;
    using Field = beast::http::field;
    using Text = beast::string_view;
    using Code = beast::error_code;

    void on_request_impl(Verb, Text method, Text target, int version, Code& error) override {
      error = {};
      head_.method = view(method);
      head_.target = view(target);
      head_.version_minor = version - 10;
      head_.headers.reserve(kFieldsUsual);
    }
    void on_response_impl(int, Text, int, Code& error) override { error = {}; }
    void on_field_impl(Field, Text name, Text value, Code& error) override {
      error = {};
      if (is_past_head_) return;  // trailers are discarded
      head_.headers.emplace_back(to_lower(view(name)), view(value));
    }
    void on_header_impl(Code& error) override {
      error = {};
      is_past_head_ = true;
    }
    void on_body_init_impl(boost::optional<std::uint64_t> const&, Code& error) override {
      error = {};
    }
    std::size_t on_body_impl(Text bytes, Code& error) override {
      error = {};
      body_.append(bytes.data(), bytes.size());
      return bytes.size();
    }
    void on_chunk_header_impl(std::uint64_t, Text, Code& error) override { error = {}; }
    std::size_t on_chunk_body_impl(std::uint64_t, Text bytes, Code& error) override {
      error = {};
      body_.append(bytes.data(), bytes.size());
      return bytes.size();
    }
    void on_finish_impl(Code& error) override { error = {}; }

    RequestHead& head_;
    std::string& body_;
    bool is_past_head_ = false;
  };

  RequestHead& head_;
  std::string& body_;
  std::optional<Callbacks> parser_;
};

RequestParser::RequestParser(const ParserLimits& limits)
    : limits_(limits),
      body_bytes_max_(limits.body_bytes_max),
      machine_(std::make_unique<Machine>(head_, body_)) {}

RequestParser::~RequestParser() = default;

void RequestParser::reset() {
  phase_ = Phase::head;
  head_ = {};
  framing_ = {};
  body_ = {};
  bytes_ = 0;
  head_bytes_ = 0;
  searched_ = 0;
  left_ = 0;
  after_chunk_ = false;
  data_bytes_ = 0;
  body_bytes_max_ = limits_.body_bytes_max;
  machine_->restart();
}

Result<std::size_t> RequestParser::take(std::string_view input) {
  std::size_t taken = 0;
  while (phase_ != Phase::complete) {
    const bool is_head = phase_ == Phase::head;
    if (!is_head) TRY(check_length());
    const std::string_view rest = input.substr(taken);
    std::size_t step = 0;
    if (is_head) {
      step = TRY(take_head_bytes(rest));
    } else if (phase_ == Phase::chunk_line) {
      step = TRY(take_chunk_line(rest));
    } else {
      step = TRY(take_body_bytes(rest));
    }
    if (step == 0) break;
    taken += step;
    bytes_ += static_cast<std::int64_t>(step);
    if (!is_head || phase_ == Phase::head) continue;  // an empty line does not begin a head
    head_bytes_ = bytes_;
    if (limits_.stops_after_head) break;
  }
  return taken;
}

Result<std::size_t> RequestParser::take_head_bytes(std::string_view input) {
  // Some callers end a body with a line end outside its length (RFC 9112, 2.2).
  constexpr std::string_view kEmptyLine = "\r\n";
  if (bytes_ == 0 && input.starts_with(kEmptyLine)) return kEmptyLine.size();
  const std::size_t end = input.find("\r\n\r\n", searched_);
  if (std::min(end, input.size()) > limits_.head_bytes_max)
    return fail(ErrorCode::headers_too_large,
                fmt::format("the request line and headers are too large; at most {} bytes together "
                            "are allowed",
                            limits_.head_bytes_max));
  if (end == std::string_view::npos) {
    if (has_bare_line_end(input.substr(searched_))) return bare_line_end();
    searched_ = input.size() < 3 ? 0 : input.size() - 3;
    return 0;
  }
  const std::string_view head = input.substr(0, end + 4);
  TRY(check_head_bytes(head));
  TRY(feed(head));
  framing_ = TRY(framing_of(head_));
  TRY(take_absolute_form(head_));
  TRY(open_body());
  return head.size();
}

std::unexpected<Error> RequestParser::body_too_large() const {
  return fail(ErrorCode::too_large,
              fmt::format("the body is too large; at most {} bytes are allowed", body_bytes_max_));
}

Result<> RequestParser::check_length() const {
  if (framing_.content_length > static_cast<std::int64_t>(body_bytes_max_)) return body_too_large();
  return {};
}

Result<> RequestParser::open_body() {
  left_ = framing_.content_length;
  phase_ = framing_.is_chunked ? Phase::chunk_line
           : left_ > 0         ? Phase::fixed_body
                               : Phase::complete;
  if ((phase_ == Phase::complete) != machine_->is_done())
    return fail(ErrorCode::invalid, "the length of the body can be read in two ways");
  return {};
}

Result<std::size_t> RequestParser::take_body_bytes(std::string_view input) {
  const std::size_t count = std::min(input.size(), static_cast<std::size_t>(left_));
  if (count == 0) return 0;
  TRY(feed(input.substr(0, count)));
  left_ -= static_cast<std::int64_t>(count);
  if (left_ > 0) return count;
  after_chunk_ = phase_ == Phase::chunk_body;
  phase_ = after_chunk_ ? Phase::chunk_line : Phase::complete;
  return count;
}

Result<std::size_t> RequestParser::take_chunk_line(std::string_view input) {
  constexpr std::string_view kLineEnd = "\r\n";
  const std::size_t start = after_chunk_ ? kLineEnd.size() : 0;
  if (!kLineEnd.starts_with(input.substr(0, start)))
    return fail(ErrorCode::invalid, "a chunk is longer than its size");
  if (input.size() < start) return 0;
  const std::size_t end = input.find("\r\n", start);
  if (std::min(end, input.size()) > kChunkLineMax)
    return fail(ErrorCode::invalid, "a line that opens a chunk is longer than 1024 bytes");
  if (end == std::string_view::npos) {
    if (has_bare_line_end(input.substr(start))) return bare_line_end();
    return 0;
  }
  const std::uint32_t size = TRY(check_chunk_line(input.substr(start, end - start)));
  if (size == 0) return take_trailers(input, end);
  data_bytes_ += size;
  if (data_bytes_ > body_bytes_max_) return body_too_large();
  TRY(feed(input.substr(0, end + 2)));
  left_ = size;
  phase_ = Phase::chunk_body;
  return end + 2;
}

// Takes the end of the last chunk up to the empty line that ends the message.
Result<std::size_t> RequestParser::take_trailers(std::string_view input, std::size_t start) {
  const std::size_t end = input.find("\r\n\r\n", start);
  if (std::min(end, input.size()) - start > kTrailerBytesMax)
    return fail(ErrorCode::headers_too_large, "the trailers are too large");
  if (end == std::string_view::npos) {
    if (has_bare_line_end(input.substr(start))) return bare_line_end();
    return 0;
  }
  std::string_view lines = input.substr(start + 2, end - std::min(end, start + 2));
  while (!lines.empty()) {
    const std::size_t line_end = std::min(lines.find("\r\n"), lines.size());
    TRY(check_field_line(lines.substr(0, line_end)));
    lines.remove_prefix(std::min(line_end + 2, lines.size()));
  }
  TRY(feed(input.substr(0, end + 4)));
  phase_ = Phase::complete;
  return end + 4;
}

Result<std::size_t> RequestParser::feed(std::string_view bytes) {
  if (!machine_->put(bytes))
    return fail(ErrorCode::invalid, "the request can be read in more than one way");
  return bytes.size();
}

}  // namespace metergate::http::former
