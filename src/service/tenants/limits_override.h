// The shape of a tenant's own limits, in a body and in a document: { "max_stores": 7,
// "max_api_calls_per_month": null, "meters": { "tokens": 500000 }, "effects": { "tokens": "hard" }
// }. Null is unlimited, and in place of the whole no limits of its own. Values; no threads.
#pragma once

#include "base/json.h"
#include "base/result.h"
#include "domain/plan.h"

namespace metergate {

// ErrorCode::invalid with a fault for each member that is wrong.
Result<LimitsOverride> parse_override(const Json& value);
Json to_json(const LimitsOverride& own);

}  // namespace metergate
