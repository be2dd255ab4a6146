// Requests and responses as the floors above http see them: parsed and bounded, without a socket.
//
// Values. A Request is complete (its body was read); a Response has its whole body, or a source
// that returns one piece after another.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "http/words/shares.h"

namespace metergate::http {

using Header = std::pair<std::string, std::string>;

struct Request {
  std::string method;  // upper case, as sent
  std::string target;  // as sent: "/a/b?c=d"
  std::string path;    // percent-decoded, no dot segments, begins with '/'
  std::vector<std::pair<std::string, std::string>> query;  // percent-decoded, in order
  std::vector<Header> headers;                             // names in lower case
  std::string body;
  std::string remote_ip;    // of the caller, found behind trusted proxies (http/wire/caller.h)
  std::string recorded_ip;  // the part of it that may be kept; possibly empty
  std::string host;         // as requested, with its port; empty if absent
  std::string_view scheme = "http";  // that the caller used: "http" or "https"
  bool is_from_proxy = false;        // the connection is from a trusted proxy
  std::string request_id;    // the caller's own if valid, otherwise one of ours; set by the server
  std::int64_t bytes = 0;    // size of the whole message: head and body
  bool keep_alive = true;    // the caller may send another request on this connection
  bool takes_chunks = true;  // false for HTTP/1.0
  // Handler::receive() said so about the caller a moment ago; null: handle() looks by itself.
  std::shared_ptr<const void> known_caller;
  // The value; several of the same name are joined by ", " (RFC 9110, 5.3).
  std::optional<std::string> header(std::string_view lower_case_name) const;
};

// Returns the next piece of a body; nothing once it is complete. An error ends the connection.
using BodySource = std::move_only_function<Result<std::optional<std::string>>()>;

struct Response {
  int status = 200;
  std::vector<Header>
      headers;  // the server adds Content-Length, Connection, Date, Server, X-Request-Id
  std::string body;
  BodySource source;   // if set, the chunked body comes from it
  bool close = false;  // end the connection after it
  // The caller of an answer that may be large; nothing: its address.
  std::optional<Holder> holder{};
};

// The inputs of an answer's head besides the answer itself.
struct HeadContext {
  std::string_view request_id;
  Timestamp now{};
  bool keep_alive = true;
  bool takes_chunks = true;  // false: a body of unknown length ends the connection
};

// The context of an answer to `request`, the same as the server uses.
HeadContext head_context(const Request& request, const Response& response, Timestamp now);

// The status line and header fields exactly as sent, with the empty line. The size of an answer is
// this and its body (none for HEAD). Fields that no message may carry (a CR or LF, a bad name) are
// left out.
std::string serialize_head(const Response& response, const HeadContext& context);

// "Thu, 05 Mar 2026 10:30:00 GMT".
std::string http_date(Timestamp at);
// The same, made once a second; valid until this thread's next call.
std::string_view date_of_answer(Timestamp now);

// "Not Found"; empty for a status that Metergate never sends.
std::string_view reason_of(int status);

// True if an answer of this status has neither body nor length (1xx, 204, 304).
bool is_bodiless(int status);

}  // namespace metergate::http
