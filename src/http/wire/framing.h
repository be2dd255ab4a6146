// Framing: what a request head must look like, byte by byte, before anybody interprets it, and how
// long its body is.
//
// One mode, and that is strict: whatever two programs might read differently is refused, so that
// nothing can be smuggled past this server or through it. Functions; any thread.
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
  std::int64_t content_length = 0;  // 0 where the body is chunked
  bool is_chunked = false;
  bool keep_alive = true;
  bool expects_continue = false;
};

// RFC 3986: a name or an address, and perhaps a port; no user, no list, no path.
bool is_host(std::string_view text);

// A whole head, from the request line to the empty line: lines end in CRLF and hold no other CR or
// LF; method, target and version by their grammar; each field line a token, ':' and a value without
// control characters, not folded.
Result<> check_head_bytes(std::string_view head);

// One field line without its CRLF: of a head or of the trailers.
Result<> check_field_line(std::string_view line);

// A line that opens a chunk, without its CRLF: 1 to 8 hexadecimal digits, then perhaps extensions
// without control characters. The size.
Result<std::uint32_t> check_chunk_line(std::string_view line);

// Exactly one valid Host (HTTP/1.0 may have none); at most one Content-Length, of 1 to 19 digits;
// or Transfer-Encoding, exactly "chunked", never with a Content-Length and never in HTTP/1.0.
Result<Framing> framing_of(const RequestHead& head);

// A target such as "http://a:80/b" becomes "/b", and its host that of the request, whatever the
// Host field says (RFC 9112, 3.2.2). Any other stays.
Result<> take_absolute_form(RequestHead& head);

}  // namespace metergate::http
