// BodyDecoder: extracts the body of an answer from the upstream's bytes: by length, in chunks, or
// until the connection ends. Stores nothing of the body. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "http/wire/head.h"

namespace metergate::http {

class BodyDecoder {
 public:
  BodyDecoder() = default;
  explicit BodyDecoder(const ResponseFraming& framing);

  struct Step {
    std::size_t taken = 0;  // 0: more bytes are needed
    std::string_view data;  // of the body, possibly empty; a view into the input
  };
  // Takes bytes from the front of `input`. ErrorCode::upstream if the chunks are malformed.
  Result<Step> take(std::string_view input);
  // True once the whole body has been taken. Never for BodyKind::until_close, which ends with the
  // connection.
  bool is_complete() const { return state_ == State::complete; }

 private:
  enum class State : std::uint8_t {
    complete,
    fixed,
    chunk_line,
    chunk_data,
    chunk_end,
    trailers,
    endless
  };
  Result<Step> take_data(std::string_view input);
  Result<Step> take_chunk_line(std::string_view input);
  Result<Step> take_chunk_end(std::string_view input);
  Result<Step> take_trailer(std::string_view input);

  State state_ = State::complete;
  std::int64_t left_ = 0;  // of the body or the chunk
  std::size_t trailer_bytes_ = 0;
};

}  // namespace metergate::http
