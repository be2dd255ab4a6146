// The readers of before, as they were: heads taken apart by Beast behind checks of our own.
// difference.cpp holds the present readers against them, for one release.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "http/words/message.h"

namespace metergate::http::former {

inline constexpr std::size_t kTrailerBytesMax = 8 * 1024;

struct RequestHead {
  std::string method;
  std::string target;
  int version_minor = 1;        // HTTP/1.0 or HTTP/1.1
  std::vector<Header> headers;  // names in lower case
};

struct Framing {
  std::int64_t content_length = 0;  // 0 if the body is chunked
  bool is_chunked = false;
  bool keep_alive = true;
  bool expects_continue = false;
};

// RFC 3986: a name or an address, optionally a port; no user, no list, no path.
bool is_host(std::string_view text);

// Checks a whole head, from the request line to the empty line: lines end in CRLF and hold no other
// CR or LF; method, target and version follow their grammar; each field line is a token, ':' and a
// value without control characters, not folded.
Result<> check_head_bytes(std::string_view head);

// Checks one field line, without its CRLF, of a head or of the trailers.
Result<> check_field_line(std::string_view line);

// Reads a chunk's first line, without its CRLF: 1 to 8 hexadecimal digits, optionally extensions
// without control characters. Returns the size.
Result<std::uint32_t> check_chunk_line(std::string_view line);

// Requires exactly one valid Host (optional in HTTP/1.0), and at most one Content-Length of 1 to 19
// digits, or a Transfer-Encoding of exactly "chunked", never with a Content-Length and never in
// HTTP/1.0.
Result<Framing> framing_of(const RequestHead& head);

// Turns a target such as "http://a:80/b" into "/b" and takes the request's host from it, whatever
// the Host field says (RFC 9112, 3.2.2). Other targets are unchanged.
Result<> take_absolute_form(RequestHead& head);

struct ParserLimits {
  std::size_t head_bytes_max;
  std::size_t body_bytes_max;
  bool stops_after_head = false;  // take() stops between head and body
};

class RequestParser {
 public:
  explicit RequestParser(const ParserLimits& limits);
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

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
  std::size_t body_bytes_max_;  // for this request
  std::unique_ptr<Machine> machine_;
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

// The bound on interim answers (1xx) before the final one.
inline constexpr int kInterimsMax = 8;

struct ResponseField {
  std::string_view name;  // as sent
  std::string_view value;
};

struct ResponseHead {
  int status = 0;
  int version_minor = 1;
  std::string_view reason;
  std::vector<ResponseField> fields;
};

enum class BodyKind : std::uint8_t { none, length, chunked, until_close };

struct ResponseFraming {
  BodyKind body = BodyKind::none;
  std::int64_t length = 0;  // for BodyKind::length
  bool keep_alive = true;   // the upstream takes another request on this connection
  // A length without a body: the answer to HEAD, and 304.
  std::optional<std::int64_t> said_length;
};

// Parses a whole head, from the status line to the empty line.
Result<> parse_response_head(std::string_view bytes, ResponseHead& head);

Result<ResponseFraming> framing_of(const ResponseHead& head, bool answers_head);

// True if a list field ("close, Upgrade") contains the word, in any case.
bool has_list_word(std::string_view list, std::string_view word);

class AnswerReader {
 public:
  static constexpr std::size_t kHeadBytesMax = 16 * 1024;
  static constexpr std::size_t kExcerptBytesMax = 256;

  AnswerReader();
  ~AnswerReader();
  AnswerReader(const AnswerReader&) = delete;
  AnswerReader& operator=(const AnswerReader&) = delete;

  // ErrorCode::invalid if the bytes are not an HTTP answer.
  Result<> take(std::string_view bytes);
  bool has_head() const;
  bool is_complete() const;  // the answer has ended
  int status() const;        // once has_head()
  const std::optional<std::string>& retry_after() const;
  // The beginning of the body, printable ASCII only.
  const std::string& excerpt() const;

 private:
  class Machine;
  Result<> restart_after_interim();
  bool complete_status_line();
  std::unique_ptr<Machine> machine_;
  std::string waiting_;           // bytes of an incomplete head
  bool has_status_line_ = false;  // of the current answer, interim or final
  int interims_ = 0;
};

}  // namespace metergate::http::former
