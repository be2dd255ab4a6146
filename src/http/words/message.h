// Requests and responses as the floors above http see them: parsed, bounded, with no socket in
// sight.
//
// Values; a Request is complete (its body read), a Response holds its whole body or a source that
// is asked for one piece after another.
#pragma once

#include <cstdint>
#include <functional>
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
  std::string recorded_ip;  // as much of it as may be kept; may be empty
  std::string host;         // that the caller asked for, with its port; empty where it named none
  std::string_view scheme = "http";  // that the caller used: "http" or "https"
  bool is_from_proxy = false;        // the connection is a trusted proxy's
  std::string request_id;  // the caller's own where it is sane, else one of ours; set by the server
  std::int64_t bytes = 0;  // of the whole message: head and body
  bool keep_alive = true;  // whether the caller wants to send another on this connection
  bool takes_chunks = true;  // false for HTTP/1.0
  // The value; where the name stands several times, all of them joined by ", " (RFC 9110, 5.3).
  std::optional<std::string> header(std::string_view lower_case_name) const;
};

// Gives the next piece of a body; nothing: it is complete. An error ends the connection.
using BodySource = std::move_only_function<Result<std::optional<std::string>>()>;

struct Response {
  int status = 200;
  std::vector<Header>
      headers;  // without Content-Length, Connection, Date, Server, X-Request-Id: the server's own
  std::string body;
  BodySource source;   // where set, the body comes from it, chunked
  bool close = false;  // end the connection after it
  // Who asked, of an answer that may be large; nothing: the address.
  std::optional<Holder> holder{};
};

// What the head of an answer depends on besides the answer itself.
struct HeadContext {
  std::string_view request_id;
  Timestamp now{};
  bool keep_alive = true;
  bool takes_chunks = true;  // false: a body of unknown length ends with the connection
};

// The context of an answer to `request`, as the server itself will use it.
HeadContext head_context(const Request& request, const Response& response, Timestamp now);

// The status line and header fields exactly as they go on the wire, the empty line included; the
// size of an answer is this and its body (none to HEAD). Fields that no message may carry (a CR or
// LF, a bad name) are left out.
std::string serialize_head(const Response& response, const HeadContext& context);

// "Thu, 05 Mar 2026 10:30:00 GMT".
std::string http_date(Timestamp at);
// The same, made once a second: lasts until this thread asks again.
std::string_view date_of_answer(Timestamp now);

// "Not Found"; empty for a status that Metergate never answers.
std::string_view reason_of(int status);

// Whether an answer of this status has no body and no length (1xx, 204, 304).
bool is_bodiless(int status);

}  // namespace metergate::http
