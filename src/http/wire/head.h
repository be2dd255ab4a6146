// Heads of requests and of answers: taken apart in one pass by one reader, and how long the body
// behind them is.
//
// Views into the bytes that were read. One mode, and that is strict: whatever two programs might
// read differently is refused, so that nothing can be smuggled past this server or through it.
// Functions and values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace metergate::http {

// Answers with 1xx before the one that counts.
inline constexpr int kInterimsMax = 8;

// A field that decides how the message is read.
enum class FieldKind : std::uint8_t {
  other,
  connection,
  content_length,
  expect,
  host,
  proxy_connection,
  transfer_encoding
};

struct FieldView {
  std::string_view name;   // as sent
  std::string_view value;  // without the spaces and tabs at its ends
  FieldKind kind = FieldKind::other;
};
using FieldViews = std::vector<FieldView>;

struct RequestView {
  std::string_view method;
  std::string_view target;
  int version_minor = 1;  // HTTP/1.0 or HTTP/1.1
  FieldViews fields;
};

struct ResponseHead {
  int status = 0;
  int version_minor = 1;
  std::string_view reason;
  FieldViews fields;
};

// A whole head, from the first line to the empty line: lines end in CRLF and hold no other CR or
// LF; the first line by its grammar; each field line a token, ':' and a value without control
// characters, not folded. ErrorCode::invalid, headers_too_large.
Result<> parse_request_head(std::string_view bytes, RequestView& head);
// Likewise; but spaces may stand before a ':' (RFC 9112, 5.1). ErrorCode::upstream.
Result<> parse_response_head(std::string_view bytes, ResponseHead& head);

struct Framing {
  std::int64_t content_length = 0;  // 0 where the body is chunked
  bool is_chunked = false;
  bool keep_alive = true;
  bool expects_continue = false;
};

// Connection is a list of tokens; exactly one valid Host (HTTP/1.0 may have none); at most one
// Content-Length, of 1 to 19 digits; or Transfer-Encoding, exactly "chunked", never with a
// Content-Length and never in HTTP/1.0.
Result<Framing> framing_of(const RequestView& head);

enum class BodyKind : std::uint8_t { none, length, chunked, until_close };

struct ResponseFraming {
  BodyKind body = BodyKind::none;
  std::int64_t length = 0;  // of BodyKind::length
  bool keep_alive = true;   // whether the upstream takes another request on this connection
  // A length that is said and no body: the answer to HEAD, and 304.
  std::optional<std::int64_t> said_length;
};

Result<ResponseFraming> framing_of(const ResponseHead& head, bool answers_head);

// Lines of trailers, each with its CRLF: fields as in a head, but for those that would say the
// length of the body anew.
Result<> check_trailers(std::string_view lines);

// True if a list field ("close, Upgrade") contains the word, in any case.
bool has_list_word(std::string_view list, std::string_view word);

// RFC 3986: a name or an address, and perhaps a port; no user, no list, no path.
bool is_host(std::string_view text);

// The beginning of an absolute target ("http://a:80/b"); empty for other targets.
std::string_view scheme_of(std::string_view target);

}  // namespace metergate::http
