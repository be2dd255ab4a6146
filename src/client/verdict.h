// What a server's answer to a batch means for its events. The one place that knows statuses: a
// function of the answer, without sockets or time. No threads.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "client/answer.h"

namespace metergate::client {

struct NamedFault {
  std::size_t index;
  std::string message;  // "data.status: is 0; 100 to 599 are allowed"
};

struct Verdict {
  enum class Kind {
    recorded,    // all of them are on disk
    again,       // later, the same batch
    much_later,  // no event is at fault (a token, an address): after the longest pause
    drop_named,  // those in `faults` will never be taken; the others at once
    halve,       // one at least will never be taken: find it by halves
  };
  Kind kind;
  std::vector<NamedFault> faults;
  std::optional<std::chrono::seconds> retry_after;
  std::string message;
};

// No answer at all is `again`.
Verdict judge(const Answer& answer, std::size_t events);

// The `errors` of an application/problem+json body that name an event, in ascending order, each
// index once; none where the body is anything else.
std::vector<NamedFault> named_faults(std::string_view body);
// Its `detail`, else empty.
std::string detail_of(std::string_view body);

}  // namespace metergate::client
