// Reads events that metergate export wrote: makes the CloudEvent from a document of api_calls,
// webhook_calls or events. Functions and values; safe from any thread.
#pragma once

#include <cstdint>
#include <optional>

#include "base/json.h"
#include "base/result.h"
#include "domain/usage_event.h"

namespace metergate {

struct ExportedEvent {
  Json element;  // a CloudEvent
  bool is_voided = false;
  // Known from the document; a CloudEvent has no such member.
  bool billable = true;
  std::optional<std::int64_t> attempt;
};

// A line that is not a document of a collection is taken as a CloudEvent. ErrorCode::invalid for a
// document that does not represent a single event.
Result<ExportedEvent> event_of_line(Json line);

// Adds the document's other values to the event that was read from its element.
void complete(UsageEvent& event, const ExportedEvent& exported);

}  // namespace metergate
