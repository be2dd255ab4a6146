// Passage: one proxied request, as the floor above http sees it. It decides whether and where the
// request goes, and is told its outcome once.
//
// Made by Handler::pass; called on the connection's thread only. It may be destroyed as soon as
// `then` of when_kept() has been called.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/server/upstream.h"
#include "http/words/message.h"
#include "http/words/shares.h"

namespace metergate::http {

// The outcome of a request.
struct PassedOutcome {
  enum class AnsweredBy : std::uint8_t {
    upstream,
    gateway,  // with an answer of our own
    nobody    // the caller disconnected
  };
  AnsweredBy by = AnsweredBy::nobody;
  int status = 0;  // sent to the caller, or intended; 0: the caller left before any
  bool reached_upstream = false;
  std::int64_t request_bytes = 0;
  std::int64_t response_bytes = 0;
};

// The trust in the caller.
enum class Vetting : std::uint8_t {
  admitted,
  open,      // the caller is unknown: fields that only a proxy may set are removed
  preflight  // likewise, and so are credentials
};

class Passage {
 public:
  virtual ~Passage() = default;
  // An error refuses the request, which is then not read or passed on. Called once, first.
  virtual Result<> admit() = 0;
  virtual Upstream& upstream() = 0;
  // Whose share of the upstream's connections it takes. Asked after admit().
  virtual Holder holder() const = 0;
  virtual Vetting vetting() const { return Vetting::admitted; }
  // An answer of ours instead of the upstream's.
  virtual Response failure(const Error& error) = 0;
  // Fields of the answer that replace the upstream's of the same name.
  virtual std::span<const Header> answer_fields() const = 0;
  // Completes the answer's head, which has the fields above: writes values that were not known
  // earlier into their reserved room. The size does not change.
  virtual void complete_head(std::string& head) = 0;
  // Records the request; called exactly once for each request whose admit() was called. After an
  // error the end of the answer is not sent.
  virtual Result<> finish(const PassedOutcome& outcome) = 0;
  // Called after the finish() of all requests that end in the same turn of the thread's loop, so
  // that their records can be kept in one step. `then` is called once, at once or from any thread;
  // only then is the end of the answer sent. Not called if the caller has disconnected meanwhile.
  virtual void when_kept(std::move_only_function<void()> then) = 0;
};

}  // namespace metergate::http
