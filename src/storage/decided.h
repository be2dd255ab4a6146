// DecidedBatch: what one sequence number changes, after every question is settled: only accepted
// events, final documents. This is what the journal keeps, and the one thing that the view folds,
// whether it has just been decided or is read again after a crash. Values; no threads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "domain/period.h"
#include "domain/usage_event.h"
#include "storage/collections.h"
#include "storage/store.h"

namespace metergate {

struct DecidedEvent {
  UsageEvent event;  // as it was sent: its content decides whether a later one is the same
  std::optional<std::int64_t> count;  // of a CountReport without one: the records that were active
};

// The event as it is folded and kept: with the count filled in.
UsageEvent to_final(DecidedEvent decided);

struct DecidedDocument {
  Collection collection = Collection::tenants;
  DocumentKey key;
  std::optional<Json> document;  // with its revision; nothing: removed
};

// An event that is counted out again, and what cannot be had by subtracting it.
struct DecidedVoid {
  KeptEvent kept;
  Gauge day_bytes;  // of a StorageReport: what its day reports without it
  // Of meters that cannot count backwards, by slug: its minute and group without it.
  std::vector<std::pair<std::string, MeterCell>> minutes;
};

struct DecidedBatch {
  Timestamp at{};
  std::vector<DecidedEvent> events;
  std::vector<DecidedDocument> documents;
  std::vector<DayTotal> day_totals;
  std::optional<Period> close_through;
  std::optional<DecidedVoid> voided;
};

// u8 version, at, events, documents, day totals, period to close, the voided event;
// docs/storage-format.md.
std::string encode(const DecidedBatch& batch);
Result<DecidedBatch> decode_batch(std::string_view bytes);

}  // namespace metergate
