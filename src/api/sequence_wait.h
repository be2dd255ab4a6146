// What a write was answered with (X-Usage-Seq), and reads that want to see it (after_seq).
//
// Every batch has a sequence number; an answer's header names the newest one that it reflects. On
// one machine a read sees every batch before it, so it waits only for a number that is still to
// come. Functions; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "api/routes.h"
#include "http/message.h"
#include "service/services.h"

namespace metergate::api {

inline constexpr std::string_view kAfterSequence = "after_seq";

// Room for the number that set_sequence() writes when it is known. The value stands at the right
// of it, so the length of the head, which is metered, is known before the number is.
void reserve_sequence(http::Response& response, std::uint64_t head);
void set_sequence(http::Response& response, std::uint64_t sequence);

// Whether the request asks for a sequence that has not come yet: it waits, off the server threads.
bool must_wait(const http::Request& request, const Services& services);
// Waits at most 5 s. ErrorCode::invalid: not a number; overloaded: it has not come, or enough
// requests wait already.
Result<> wait_for_sequence(const http::Request& request, const Services& services);

}  // namespace metergate::api
