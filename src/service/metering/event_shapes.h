// The JSON of a usage event: the members of a CloudEvent. Pure function; safe from any thread.
#pragma once

#include "base/json.h"
#include "domain/usage_event.h"

namespace metergate {

// { source, id, type, time, data }
Json event_json(const UsageEvent& event);

}  // namespace metergate
