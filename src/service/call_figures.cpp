#include "service/call_figures.h"

#include "base/check.h"

namespace metergate {

namespace {

// Durations and counts are sums of bounded facts; the scaled product needs more than 64 bits only
// where a sum is near their end, so it is formed in 128.
__extension__ using Wide = __int128;

Decimal divided(Wide scaled, std::int64_t by, std::uint8_t scale) {
  const Wide rounded = (scaled + by / 2) / by;
  CHECK(rounded <= INT64_MAX);
  return Decimal{static_cast<std::int64_t>(rounded), scale};
}

}  // namespace

Json percent_json(std::int64_t part, std::int64_t whole) {
  if (whole <= 0) return nullptr;
  return divided(Wide{part} * 1000, whole, 1);
}

Json mean_ms_json(std::int64_t total_us, std::int64_t count) {
  if (count <= 0) return nullptr;
  return trimmed(divided(total_us, count, 3));
}

Json percentile_ms_json(const Histogram& durations, unsigned permille) {
  const std::optional<Microseconds> duration = durations.percentile(permille);
  if (!duration) return nullptr;
  return trimmed(Decimal{duration->count(), 3});
}

}  // namespace metergate
