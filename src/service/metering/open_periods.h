// From when on events are still taken. A function; any thread.
#pragma once

#include "base/time.h"
#include "service/shared/rules.h"
#include "storage/shapes/store.h"

namespace metergate {

// The start of the first period that is open: neither closed nor over for longer than the grace.
Timestamp open_from(const Store& store, const BillingRules& rules, const Clock& clock);

}  // namespace metergate
