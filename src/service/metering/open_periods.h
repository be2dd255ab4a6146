// The start of the time whose events are still accepted. A function; safe from any thread.
#pragma once

#include "base/time.h"
#include "service/shared/rules.h"
#include "storage/shapes/store.h"

namespace metergate {

// The start of the first open period: neither closed nor past its grace.
Timestamp open_from(const Store& store, const BillingRules& rules, const Clock& clock);

}  // namespace metergate
