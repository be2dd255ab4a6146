// The documents of the derived collections, with the field names of the specification's collections
// page, made from folded figures on request. Pure functions; safe from any thread.
#pragma once

#include <optional>
#include <string>

#include "base/json.h"
#include "domain/counter.h"
#include "domain/period.h"
#include "domain/usage_event.h"
#include "storage/shapes/collections.h"
#include "storage/shapes/keys.h"
#include "storage/shapes/store.h"

namespace metergate {

// The document in api_calls or webhook_calls; nothing if the event does not belong there.
std::optional<Json> to_document(const UsageEvent& event, Collection collection);
// The document in events.
Json to_raw_document(const RawEvent& raw);
Json to_metric_document(const std::string& tenant, const keys::HourPlace& place,
                        const CallSums& sums);
Json to_counter_document(const std::string& tenant, Period period, const Counter& counter,
                         const StorageFormula& formula);

}  // namespace metergate
