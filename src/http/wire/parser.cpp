#include "http/wire/parser.h"

#include <fmt/format.h>

#include <algorithm>

#include "http/wire/chunks.h"
#include "http/wire/scan.h"
#include "http/words/characters.h"

namespace metergate::http {
namespace {

std::unexpected<Error> bare_line_end() {
  return fail(ErrorCode::invalid, "a line does not end in CRLF");
}

// Turns a target such as "http://a:80/b" into "/b" and takes the request's host from it, whatever
// the Host field says (RFC 9112, 3.2.2). Other targets are unchanged.
Result<> take_absolute_form(RequestHead& head) {
  const std::string_view scheme = scheme_of(head.target);
  if (scheme.empty()) return {};
  const std::string_view rest = std::string_view{head.target}.substr(scheme.size());
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  if (!is_host(authority))
    return fail(ErrorCode::invalid,
                "the request target's host is not a name or address with a port");
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

// For a line that check_chunk_line() accepts.
Result<> check_chunk_extensions(std::string_view line) {
  if (are_chunk_extensions(line.substr(std::min(line.find(';'), line.size())))) return {};
  return fail(ErrorCode::invalid, "a chunk's extension is not of the form ';name=value'");
}

// The head, which outlives the bytes that it was read from.
void keep(const RequestView& view, RequestHead& head) {
  head.method = view.method;
  head.target = view.target;
  head.version_minor = view.version_minor;
  head.headers.clear();
  head.headers.reserve(view.fields.size());
  for (const FieldView& field : view.fields)
    head.headers.emplace_back(to_lower(field.name), field.value);
}

}  // namespace

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
  constexpr std::size_t kMarkBytes = 4;
  const std::size_t end = find_head_end(input, searched_);
  const bool is_whole = end != std::string_view::npos;
  if ((is_whole ? end - kMarkBytes : input.size()) > limits_.head_bytes_max)
    return fail(ErrorCode::headers_too_large,
                fmt::format("the request line and headers are too large; at most {} bytes together "
                            "are allowed",
                            limits_.head_bytes_max));
  if (!is_whole) {
    if (has_bare_line_end(input.substr(searched_))) return bare_line_end();
    searched_ = input.size() < kMarkBytes ? 0 : input.size() - kMarkBytes + 1;
    return 0;
  }
  thread_local RequestView view;  // so that the room for its fields is made once
  TRY(parse_request_head(input.substr(0, end), view));
  keep(view, head_);  // a refusal from here on is answered by its method and target
  framing_ = TRY(framing_of(view));
  TRY(take_absolute_form(head_));
  open_body();
  return end;
}

std::unexpected<Error> RequestParser::body_too_large() const {
  return fail(ErrorCode::too_large,
              fmt::format("the body is too large; at most {} bytes are allowed", body_bytes_max_));
}

Result<> RequestParser::check_length() const {
  if (framing_.content_length > static_cast<std::int64_t>(body_bytes_max_)) return body_too_large();
  return {};
}

void RequestParser::open_body() {
  left_ = framing_.content_length;
  phase_ = framing_.is_chunked ? Phase::chunk_line
           : left_ > 0         ? Phase::fixed_body
                               : Phase::complete;
}

Result<std::size_t> RequestParser::take_body_bytes(std::string_view input) {
  const std::size_t count = std::min(input.size(), static_cast<std::size_t>(left_));
  if (count == 0) return 0;
  body_.append(input.substr(0, count));
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
  if (std::min(end, input.size()) > kChunkLineBytesMax)
    return fail(ErrorCode::invalid, "a line that opens a chunk is longer than 1024 bytes");
  if (end == std::string_view::npos) {
    if (has_bare_line_end(input.substr(start))) return bare_line_end();
    return 0;
  }
  const std::string_view line = input.substr(start, end - start);
  const std::uint32_t size = TRY(check_chunk_line(line));
  if (size == 0) return take_trailers(input, end);
  data_bytes_ += size;
  if (data_bytes_ > body_bytes_max_) return body_too_large();
  TRY(check_chunk_extensions(line));
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
  TRY(check_trailers(input.substr(start + 2, end - start)));
  TRY(check_chunk_extensions(input.substr(0, start)));
  phase_ = Phase::complete;
  return end + 4;
}

}  // namespace metergate::http
