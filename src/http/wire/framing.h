// Framing: checks a request head byte by byte before it is interpreted, and determines the length
// of the body.
//
// Always strict: input that two programs might read differently is refused, so that nothing can be
// smuggled past this server or through it. Plain functions; safe from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/words/message.h"

namespace metergate::http {

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

}  // namespace metergate::http
