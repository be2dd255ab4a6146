// Passage: one request that is passed on to an upstream, as the floor above http sees it. It says
// whether and where the request goes, and is told once what became of it.
//
// Made by Handler::pass; called on the connection's thread only. It may be gone as soon as `then`
// of when_kept() has been called.
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

// What became of a request.
struct PassedOutcome {
  enum class AnsweredBy : std::uint8_t {
    upstream,
    gateway,  // with an answer of our own
    nobody    // the caller went away
  };
  AnsweredBy by = AnsweredBy::nobody;
  int status = 0;  // as the caller saw it, or would have seen; 0: it went away before there was one
  bool reached_upstream = false;
  std::int64_t request_bytes = 0;
  std::int64_t response_bytes = 0;
};

// How well its caller is known.
enum class Vetting : std::uint8_t {
  admitted,
  open,      // nobody has asked who it is: what only a proxy may say stays behind
  preflight  // likewise, and so does what says who the caller is
};

class Passage {
 public:
  virtual ~Passage() = default;
  // An error refuses the request with that, unread and not passed on. Called once, before all else.
  virtual Result<> admit() = 0;
  virtual Upstream& upstream() = 0;
  // Whose share of the upstream's connections it takes. Asked after admit().
  virtual Holder holder() const = 0;
  virtual Vetting vetting() const { return Vetting::admitted; }
  // An answer of ours in place of the upstream's.
  virtual Response failure(const Error& error) = 0;
  // Fields that go out with the answer, in place of the upstream's of the same name.
  virtual std::span<const Header> answer_fields() const = 0;
  // The answer's head as it goes out, with the fields above in it: what could not be known before
  // is written into the room that was left for it. Its length stays.
  virtual void complete_head(std::string& head) = 0;
  // Exactly once for each request whose admit() was called: records it. With an error the end of
  // the answer is not sent at all.
  virtual Result<> finish(const PassedOutcome& outcome) = 0;
  // After that, and after the finish() of others that end in the same turn of the thread's loop, so
  // that all of them can be kept in one step. `then` is called once, at once or from any thread:
  // only then the end of the answer is sent. Not called where the caller has gone meanwhile.
  virtual void when_kept(std::move_only_function<void()> then) = 0;
};

}  // namespace metergate::http
