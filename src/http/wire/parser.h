// RequestParser: bytes in, one request out, with limits on its head and body.
//
// Beast's basic_parser takes the message apart; in front of it stand the checks of framing.h on the
// same bytes, so a request passes only where both agree. Takes bytes from the front of what it is
// given and says how many. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "http/wire/framing.h"

namespace metergate::http {

struct ParserLimits {
  std::size_t head_bytes_max;
  std::size_t body_bytes_max;
  bool stops_after_head = false;  // take() takes nothing of the body together with the head
};

class RequestParser {
 public:
  explicit RequestParser(const ParserLimits& limits);
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  // Takes what it can; 0 where it needs more than `input` to go on. Errors: invalid (not a request
  // that can be read in one way only), headers_too_large, too_large. After one, the connection
  // cannot be used any more.
  Result<std::size_t> take(std::string_view input);

  bool has_head() const { return phase_ != Phase::head; }
  bool is_complete() const { return phase_ == Phase::complete; }
  const RequestHead& head() const { return head_; }  // what is known of it; whole once has_head()
  const Framing& framing() const { return framing_; }
  std::int64_t bytes() const { return bytes_; }  // of the message so far
  std::int64_t body_bytes() const { return bytes_ - head_bytes_; }
  // What has come of the body since the last call; all of it once is_complete().
  std::string take_body() { return std::exchange(body_, {}); }
  // Another limit for this request's body, before anything of it is taken.
  void set_body_max(std::size_t bytes) { body_bytes_max_ = bytes; }
  RequestHead take_head() { return std::move(head_); }
  // Ready for the next request of the connection.
  void reset();

 private:
  enum class Phase : std::uint8_t { head, fixed_body, chunk_line, chunk_body, complete };
  class Machine;

  Result<std::size_t> take_head_bytes(std::string_view input);
  Result<std::size_t> take_chunk_line(std::string_view input);
  Result<std::size_t> take_trailers(std::string_view input, std::size_t start);
  Result<std::size_t> take_body_bytes(std::string_view input);
  Result<std::size_t> feed(std::string_view bytes);
  Result<> open_body();
  Result<> check_length() const;
  std::unexpected<Error> body_too_large() const;

  ParserLimits limits_;
  std::size_t body_bytes_max_;  // of this request
  std::unique_ptr<Machine> machine_;
  Phase phase_ = Phase::head;
  RequestHead head_;
  Framing framing_;
  std::string body_;
  std::int64_t bytes_ = 0;
  std::int64_t head_bytes_ = 0;
  std::size_t searched_ = 0;    // of the head: up to here there is no end of it
  std::int64_t left_ = 0;       // of the fixed body or the chunk
  std::size_t data_bytes_ = 0;  // of the chunks so far
  bool after_chunk_ = false;    // the CRLF that ends a chunk's bytes stands before the next line
};

}  // namespace metergate::http
