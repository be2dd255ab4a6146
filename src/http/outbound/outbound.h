// Outbound: sends one HTTP request to a stranger's URL, or one message to a stranger's mail server,
// and reports the outcome.
//
// The address is looked up once and checked against the rules, and the connection goes to that
// address, with the host's name for TLS. Redirects are not followed, no proxy is used, and
// connections are not kept. An exchange lasts at most the timeout, four times that with a mail
// server, which may let a stranger wait on purpose; at most 64 KiB of an answer are read. All
// exchanges share one thread. Any thread may call post() and stop(). `then` is called exactly once,
// on the outbound's thread or, after stop(), on the caller's.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/changing.h"
#include "base/result.h"
#include "base/time.h"
#include "http/outbound/destination.h"
#include "http/outbound/smtp_dialogue.h"
#include "http/words/message.h"

namespace metergate::http {

struct OutboundOptions {
  Changing<DestinationRules> rules;
  std::string ca_file;  // trusted in addition to the system's; empty: none
  std::string user_agent = "Metergate";
  Milliseconds timeout{15'000};
};

struct OutboundRequest {
  std::string url;              // of a mail server, if `mail` says so
  std::vector<Header> headers;  // in addition to Host, Content-Length, Connection and User-Agent
  std::string body;
  // Set: the body is a message, handed to a mail server; there are no headers beside it.
  std::optional<MailOrder> mail{};
};

enum class OutboundEnd : std::uint8_t {
  answered,  // there is a status
  refused,   // never sent: the URL or an address is not allowed, or the host has none
  failed,    // no connection, no TLS, or no HTTP answer
  timed_out,
  stopped  // by stop()
};

struct OutboundAnswer {
  OutboundEnd end = OutboundEnd::failed;
  int status = 0;  // of HTTP, or of the mail server's deciding reply
  std::optional<Milliseconds> retry_after;
  std::string excerpt;  // of the answer's body, at most 256 bytes of printable ASCII
  std::string problem;  // for people, if there is no status; of a mail server with one too
  Microseconds duration{0};
};

class Outbound {
 public:
  using Then = std::move_only_function<void(OutboundAnswer)>;

  virtual ~Outbound() = default;  // stops
  virtual void post(OutboundRequest request, Then then) = 0;
  // Ends every exchange under way; each reports OutboundEnd::stopped.
  virtual void stop() = 0;
  // For what is posted from now on.
  virtual void set_rules(DestinationRules rules) = 0;

  // ErrorCode::invalid if the certificates cannot be read.
  static Result<std::unique_ptr<Outbound>> create(const OutboundOptions& options,
                                                  const Clock& clock);
};

// Reads "120" or an HTTP date (RFC 9110, 10.2.3); nothing for another text.
std::optional<Milliseconds> parse_retry_after(std::string_view text, Timestamp now);

}  // namespace metergate::http
