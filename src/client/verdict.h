// The meaning of a server's answer for the events of a batch. The only place that knows statuses: a
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
    again,       // send the same batch again later
    much_later,  // no event is at fault but the token or address: after the longest pause
    drop_named,  // those in `faults` are refused for good; send the others at once
    halve,       // at least one is refused for good: find it by halving
  };
  Kind kind;
  std::vector<NamedFault> faults;
  std::optional<std::chrono::seconds> retry_after;
  std::string message;
};

// Without an answer the verdict is `again`.
Verdict judge(const Answer& answer, std::size_t events);

// The `errors` of an application/problem+json body that name an event, in ascending order, each
// index once; empty for any other body.
std::vector<NamedFault> named_faults(std::string_view body);
// The body's `detail`, or an empty text.
std::string detail_of(std::string_view body);

}  // namespace metergate::client
