// The usual events, read straight from a body without building a tree of it: CloudEvents of the
// types api.call and webhook.call with none but their common members. It takes about a third of the
// time (bench_micro, events_read).
//
// It never refuses anything: where the least is unusual (a fault, an extension, another type, an
// odd number) it gives nothing, and event_body and event_reader read the whole body again and say
// what there is to say. What it does read, it reads as they do; a property test holds the two
// together. Any thread.
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
