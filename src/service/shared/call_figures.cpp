#include "service/shared/call_figures.h"

#include "domain/wide.h"

namespace metergate {

Json percent_json(std::int64_t part, std::int64_t whole) {
  if (whole <= 0) return nullptr;
  return Decimal{saturate(divide_rounded(Wide{part} * 1000, whole)), 1};
}

Json mean_ms_json(std::int64_t total_us, std::int64_t count) {
  if (count <= 0) return nullptr;
  return trimmed(Decimal{saturate(divide_rounded(total_us, count)), 3});
}

Json percentile_ms_json(const Histogram& durations, unsigned permille) {
  const std::optional<Microseconds> duration = durations.percentile(permille);
  if (!duration) return nullptr;
  return trimmed(Decimal{duration->count(), 3});
}

}  // namespace metergate
