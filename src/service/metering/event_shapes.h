// A usage event as people and programs read it: the members of a CloudEvent. Pure; any thread.
#pragma once

#include "base/json.h"
#include "domain/usage_event.h"

namespace metergate {

// { source, id, type, time, data }
Json event_json(const UsageEvent& event);

}  // namespace metergate
