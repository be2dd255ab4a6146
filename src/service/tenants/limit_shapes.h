// The written form of limits in bodies, documents and the catalogue file. A limit is a number in
// the meter's display unit (storage in GB, at most six decimals), or null for unlimited. Values; no
// threads.
#pragma once

#include "base/json.h"
#include "base/result.h"
#include "domain/plan.h"

namespace metergate {

// The largest limit: 10^12 for counts, 10^6 GB.
inline constexpr std::int64_t kLimitMax = 1'000'000'000'000;
inline constexpr std::int64_t kStorageLimitMax = 1'000'000;

// ErrorCode::invalid with the values allowed for this meter; the effect is soft.
Result<Limit> limit_from(Meter meter, const Json& value);
Json limit_json(Meter meter, const Limit& limit);
Json limits_json(const Limits& limits);  // { "max_stores": 5, …, "max_storage_gb": null }

}  // namespace metergate
