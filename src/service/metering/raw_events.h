// Raw events, page by page: what was sent and what became of it, newest first. A function over the
// store; any thread.
//
// Bounded: one page looks at kScannedMax events at most, so that a filter that matches few ends a
// page early, with a place to go on from.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "storage/shapes/store.h"

namespace metergate {

// Where a page ends: the event there was the last that was looked at.
struct RawPosition {
  Timestamp at{};
  Sequence sequence = 0;
  std::uint32_t index = 0;
};

// Of each, one of the values; none: all.
struct RawFilter {
  std::vector<std::string> tenants;
  std::vector<std::string> types;
  std::vector<std::string> sources;
  std::vector<std::string> ids;
  std::vector<EventFate> fates;
  std::string id_part;                          // where not empty, ids that hold it
  Window window{kTimestampMin, kTimestampMax};  // of occurred_at
};

struct RawPage {
  std::vector<RawEvent> events;
  std::optional<RawPosition> next;  // nothing: there are no more
};

inline constexpr std::size_t kScannedMax = 200'000;

// counted, unmatched, voided.
std::optional<EventFate> find_fate(std::string_view name);
// As a sender writes it, and what became of it.
Json raw_event_json(const RawEvent& raw);

Result<RawPage> list_raw_events(const Store& store, const RawFilter& filter,
                                const std::optional<RawPosition>& after, std::size_t limit);

}  // namespace metergate
