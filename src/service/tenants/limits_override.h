// The written form of a tenant's own limits in bodies and documents: { "max_stores": 7,
// "max_api_calls_per_month": null, "meters": { "tokens": 500000 }, "effects": { "tokens": "hard" }
// }. Null means unlimited; null instead of the object means no own limits. Values; no threads.
#pragma once

#include "base/json.h"
#include "base/result.h"
#include "domain/plan.h"

namespace metergate {

// ErrorCode::invalid with a fault for each wrong member.
Result<LimitsOverride> parse_override(const Json& value);
Json to_json(const LimitsOverride& own);

}  // namespace metergate
