// Heads of proxied requests: the request's for the upstream and the answer's for the caller, each
// written anew from its parsed form. Plain functions; safe from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/time.h"
#include "http/wire/head.h"
#include "http/words/message.h"

namespace metergate::http {

// The form in which the body after a head is sent.
struct SentBody {
  enum class Kind : std::uint8_t { none, length, chunked, until_close };
  Kind kind = Kind::none;
  std::int64_t length = 0;
};

struct UpstreamHead {
  std::string host;  // of the Host field
  SentBody body;
  bool is_upgrade = false;  // to a WebSocket
  // Fields that pass although they are of those that are kept back (http/words/kept_back.h).
  std::span<const std::string> named_fields;
  bool is_without_credentials = false;  // Authorization and Cookie are removed
};

struct CallerHead {
  std::string_view request_id;
  std::span<const Header> own_fields;  // replace the upstream's of the same name
  SentBody body;
  std::optional<std::int64_t> said_length;  // for an answer without a body
  bool keep_alive = true;
  bool is_upgrade = false;
  const Clock& clock;  // for a Date if the upstream sent none
};

// True if the request asks for a WebSocket. Other upgrades are not passed on, because such a
// connection would bypass the gateway's checks.
bool asks_for_websocket(const Request& request);

// Fields of one hop (RFC 9110, 7.6.1) and what Connection names stay behind; so do forms of our own
// X-Forwarded-…, Forwarded, Via and X-Request-Id that the caller made up, and what is kept back
// (http/words/kept_back.h) unless it is named.
std::string upstream_head(const Request& request, const UpstreamHead& with);

void append_caller_head(std::string& out, const ResponseHead& head, const CallerHead& with);

}  // namespace metergate::http
