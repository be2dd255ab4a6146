// Raw events, page by page, with their outcomes, newest first. A function over the store; safe from
// any thread.
//
// Bounded: one page examines at most kScannedMax events, so a filter with few matches ends a page
// early, with a position to continue from.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "storage/shapes/store.h"

namespace metergate {

// The end of a page: the last event that was examined.
struct RawPosition {
  Timestamp at{};
  Sequence sequence = 0;
  std::uint32_t index = 0;
};

// Each filter matches any of its values; an empty one matches all.
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
  std::optional<RawPosition> next;  // nothing: the end is reached
};

inline constexpr std::size_t kScannedMax = 200'000;

// counted, unmatched or voided.
std::optional<EventFate> find_fate(std::string_view name);
// The event in its sent form, with its outcome.
Json raw_event_json(const RawEvent& raw);

Result<RawPage> list_raw_events(const Store& store, const RawFilter& filter,
                                const std::optional<RawPosition>& after, std::size_t limit);

}  // namespace metergate
