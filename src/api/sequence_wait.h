// The sequence that a write answers with (X-Usage-Seq), and reads that must include it (after_seq).
//
// Every batch has a sequence number; an answer's header names the newest one that it includes. On
// one machine a read includes every earlier batch, so a number that was answered is always
// included. Plain functions; safe from any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "api/routes.h"
#include "http/words/message.h"
#include "service/wiring/services.h"

namespace metergate::api {

inline constexpr std::string_view kAfterSequence = "after_seq";

// Reserves room for the number that set_sequence() writes later, at the right of the value, so that
// the size of the head, which is metered, is known before the number.
void reserve_sequence(http::Response& response, std::uint64_t head);
void set_sequence(http::Response& response, std::uint64_t sequence);

// ErrorCode::invalid if the text is not a number, or is higher than any number answered so far.
// Never waits here: every read includes each batch up to head(), and the answer itself waits, like
// all answers, until that is on disk.
Result<> check_sequence(const http::Request& request, const Services& services);

}  // namespace metergate::api
