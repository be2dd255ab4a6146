// What metergate export wrote of events, read back: a document of api_calls, webhook_calls or
// events as the CloudEvent that it was made from. Functions and values; any thread.
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
  // What a CloudEvent does not say, and its document does.
  bool billable = true;
  std::optional<std::int64_t> attempt;
};

// A line that is no document of a collection is taken for a CloudEvent as it stands.
// ErrorCode::invalid for a document that is made of no single event.
Result<ExportedEvent> event_of_line(Json line);

// Puts the rest of what the document said into the event that was read from its element.
void complete(UsageEvent& event, const ExportedEvent& exported);

}  // namespace metergate
