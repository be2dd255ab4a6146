// Call figures: sums of API calls and webhook attempts in their shown form, with rates in percent
// and times in milliseconds. A figure over no calls is null, since neither 0 nor 100 would be true.
// Values; no threads.
#pragma once

#include <cstdint>

#include "base/histogram.h"
#include "base/json.h"

namespace metergate {

// part of whole in percent, with one decimal, rounded half away from zero.
Json percent_json(std::int64_t part, std::int64_t whole);
// The mean in milliseconds, at most three decimals, half away from zero.
Json mean_ms_json(std::int64_t total_us, std::int64_t count);
// The duration at `permille` thousandths, in milliseconds.
Json percentile_ms_json(const Histogram& durations, unsigned permille);

}  // namespace metergate
