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

#include "base/json.h"
#include "base/result.h"

namespace metergate::http {

using Header = std::pair<std::string, std::string>;

struct Request {
  std::string method;  // upper case, as sent
  std::string target;  // as sent: "/a/b?c=d"
  std::string path;    // percent-decoded, no dot segments, begins with '/'
  std::vector<std::pair<std::string, std::string>> query;  // percent-decoded, in order
  std::vector<Header> headers;                             // names in lower case
  std::string body;
  std::string remote_ip;
  std::string request_id;  // the caller's own where it is sane, else one of ours; set by the server
  std::int64_t bytes = 0;  // of the whole message: head and body
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
};

// The head and length as they will stand on the wire; the size of the response is head + body.
std::string serialize_head(const Response& response, std::string_view request_id, bool keep_alive,
                           bool is_head_request);

}  // namespace metergate::http
