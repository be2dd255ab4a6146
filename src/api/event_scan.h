// Reads the usual events straight from a body, without building a tree: CloudEvents of the types
// api.call and webhook.call with common members only. It takes about a third of the time
// (bench_micro, events_read).
//
// It never refuses an event: if anything is unusual (a fault, an extension, another type, an odd
// number), it returns nothing, and event_body and event_reader read the whole body again and report
// any faults. Events that it reads are equal to those that they read; a property test checks that.
// Safe from any thread.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "api/event_body.h"
#include "api/event_reader.h"

namespace metergate::api {

std::optional<std::vector<UsageEvent>> scan_events(std::string_view text, BodyShape shape,
                                                   const EventContext& context);

}  // namespace metergate::api
