#include "http/wire/parser.h"

#include <fmt/format.h>

#include "http/net/asio.h"
// Beast's parser is built on Asio's buffers.
#include <boost/beast/http/basic_parser.hpp>
#include <limits>
#include <optional>

#include "http/words/characters.h"

namespace metergate::http {
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

}  // namespace metergate::http
