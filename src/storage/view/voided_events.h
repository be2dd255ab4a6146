// The voided raw events of a period, by position; for recounting a period. The caller holds the
// view's lock.
#pragma once

#include <cstdint>
#include <set>
#include <utility>

#include "base/result.h"
#include "storage/view/view.h"

namespace metergate {

using VoidedEvents = std::set<std::pair<std::uint64_t, std::uint32_t>>;  // sequence, index

Result<VoidedEvents> voided_events(const View& view, Period period);

}  // namespace metergate
