// What a write was answered with (X-Usage-Seq), and reads that want to see it (after_seq).
//
// Every batch has a sequence number; an answer's header names the newest one that it reflects. On
// one machine a read sees every batch before it, so a number that an answer has named is always
// there. Functions; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "api/routes.h"
#include "http/words/message.h"
#include "service/wiring/services.h"

namespace metergate::api {

inline constexpr std::string_view kAfterSequence = "after_seq";

// Room for the number that set_sequence() writes when it is known. The value stands at the right
// of it, so the length of the head, which is metered, is known before the number is.
void reserve_sequence(http::Response& response, std::uint64_t head);
void set_sequence(http::Response& response, std::uint64_t sequence);

// ErrorCode::invalid: not a number, or one that no answer has named yet. Nothing waits here: each
// batch up to head() is seen by every read, and what is not on disk yet the answer waits for, as
// every answer does, in the store's list.
Result<> check_sequence(const http::Request& request, const Services& services);

}  // namespace metergate::api
