#include "http/wire/body_decoder.h"

#include <algorithm>

#include "http/wire/chunks.h"
#include "http/words/characters.h"

namespace metergate::http {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

std::unexpected<Error> refuse_body(std::string_view message) {
  return fail(ErrorCode::upstream, std::string{message});
}

// Upstreams may put spaces before the colon.
bool is_field_line(std::string_view line) {
  const std::size_t colon = std::min(line.find(':'), line.size());
  const std::string_view name = line.substr(0, line.substr(0, colon).find_last_not_of(" \t") + 1);
  return colon < line.size() && is_token(name) && is_field_value(line.substr(colon + 1));
}

// Waits for the rest of the line, unless it has already ended wrongly.
Result<BodyDecoder::Step> wait_for_line(std::string_view input) {
  if (has_bare_line_end(input))
    return refuse_body("a line in the answer's body does not end in CRLF");
  return BodyDecoder::Step{};
}

}  // namespace

BodyDecoder::BodyDecoder(const ResponseFraming& framing) : left_(framing.length) {
  switch (framing.body) {
    case BodyKind::none:
      state_ = State::complete;
      break;
    case BodyKind::length:
      state_ = framing.length > 0 ? State::fixed : State::complete;
      break;
    case BodyKind::chunked:
      state_ = State::chunk_line;
      break;
    case BodyKind::until_close:
      state_ = State::endless;
      break;
  }
}

Result<BodyDecoder::Step> BodyDecoder::take(std::string_view input) {
  if (input.empty()) return Step{};
  switch (state_) {
    case State::complete:
      return Step{};
    case State::endless:
      return Step{input.size(), input};
    case State::fixed:
    case State::chunk_data:
      return take_data(input);
    case State::chunk_line:
      return take_chunk_line(input);
    case State::chunk_end:
      return take_chunk_end(input);
    case State::trailers:
      return take_trailer(input);
  }
  return fail(ErrorCode::internal, "a body is decoded in a state that nobody knows");
}

Result<BodyDecoder::Step> BodyDecoder::take_data(std::string_view input) {
  const std::size_t count = std::min(input.size(), static_cast<std::size_t>(left_));
  left_ -= static_cast<std::int64_t>(count);
  if (left_ == 0) state_ = state_ == State::fixed ? State::complete : State::chunk_end;
  return Step{count, input.substr(0, count)};
}

Result<BodyDecoder::Step> BodyDecoder::take_chunk_line(std::string_view input) {
  const std::size_t end = input.find(kLineEnd);
  if (std::min(end, input.size()) > kChunkLineBytesMax)
    return refuse_body("a line that opens a chunk of the answer is longer than 1024 bytes");
  if (end == std::string_view::npos) return wait_for_line(input);
  const Result<std::uint32_t> size = check_chunk_line(input.substr(0, end));
  if (!size) return refuse_body("a chunk of the answer does not begin with its size");
  left_ = *size;
  state_ = *size > 0 ? State::chunk_data : State::trailers;
  return Step{end + kLineEnd.size(), {}};
}

Result<BodyDecoder::Step> BodyDecoder::take_chunk_end(std::string_view input) {
  const std::string_view start = input.substr(0, kLineEnd.size());
  if (!kLineEnd.starts_with(start))
    return refuse_body("a chunk of the answer is longer than its size");
  if (start.size() < kLineEnd.size()) return Step{};
  state_ = State::chunk_line;
  return Step{kLineEnd.size(), {}};
}

Result<BodyDecoder::Step> BodyDecoder::take_trailer(std::string_view input) {
  const std::size_t end = input.find(kLineEnd);
  if (trailer_bytes_ + std::min(end, input.size()) > kTrailerBytesMax)
    return refuse_body("the trailers of the answer are longer than 8 KiB");
  if (end == std::string_view::npos) return wait_for_line(input);
  trailer_bytes_ += end + kLineEnd.size();
  if (end == 0) {
    state_ = State::complete;
  } else if (!is_field_line(input.substr(0, end))) {
    return refuse_body("a trailer of the answer is malformed");
  }
  return Step{end + kLineEnd.size(), {}};
}

}  // namespace metergate::http
