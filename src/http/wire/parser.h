// RequestParser: parses one request, with limits on its head and body.
//
// head.h reads the head, chunks.h the lines of a chunked body. Takes bytes from the front of the
// input and returns their number. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "http/wire/head.h"
#include "http/words/message.h"

namespace metergate::http {

struct RequestHead {
  std::string method;
  std::string target;           // without scheme and host, which are then the Host field
  int version_minor = 1;        // HTTP/1.0 or HTTP/1.1
  std::vector<Header> headers;  // names in lower case
};

struct ParserLimits {
  std::size_t head_bytes_max;
  std::size_t body_bytes_max;
  bool stops_after_head = false;  // take() stops between head and body
};

class RequestParser {
 public:
  explicit RequestParser(const ParserLimits& limits)
      : limits_(limits), body_bytes_max_(limits.body_bytes_max) {}

  // Takes as much as possible; 0 if it needs more than `input` to continue. Errors: invalid (the
  // request is malformed or ambiguous), headers_too_large, too_large. After an error the connection
  // must not be used any more.
  Result<std::size_t> take(std::string_view input);

  bool has_head() const { return phase_ != Phase::head; }
  bool is_complete() const { return phase_ == Phase::complete; }
  const RequestHead& head() const { return head_; }  // partial until has_head()
  const Framing& framing() const { return framing_; }
  std::int64_t bytes() const { return bytes_; }  // size of the message so far
  std::int64_t body_bytes() const { return bytes_ - head_bytes_; }
  // The part of the body that came since the last call; all of it once is_complete().
  std::string take_body() { return std::exchange(body_, {}); }
  // Sets another limit for this request's body, before any of it is taken.
  void set_body_max(std::size_t bytes) { body_bytes_max_ = bytes; }
  RequestHead take_head() { return std::move(head_); }
  // Prepares for the connection's next request.
  void reset();

 private:
  enum class Phase : std::uint8_t { head, fixed_body, chunk_line, chunk_body, complete };

  Result<std::size_t> take_head_bytes(std::string_view input);
  Result<std::size_t> take_chunk_line(std::string_view input);
  Result<std::size_t> take_trailers(std::string_view input, std::size_t start);
  Result<std::size_t> take_body_bytes(std::string_view input);
  void open_body();
  Result<> check_length() const;
  std::unexpected<Error> body_too_large() const;

  ParserLimits limits_;
  std::size_t body_bytes_max_;  // for this request
  Phase phase_ = Phase::head;
  RequestHead head_;
  Framing framing_;
  std::string body_;
  std::int64_t bytes_ = 0;
  std::int64_t head_bytes_ = 0;
  std::size_t searched_ = 0;    // part of the head known to have no end
  std::int64_t left_ = 0;       // of the fixed body or the chunk
  std::size_t data_bytes_ = 0;  // size of the chunks so far
  bool after_chunk_ = false;    // the next line is preceded by the CRLF after a chunk
};

}  // namespace metergate::http
