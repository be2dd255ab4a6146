// DecidedBatch: what one sequence number changes, after every question is settled: only accepted
// events, final documents. This is what the journal keeps, and the one thing that the view folds,
// whether it has just been decided or is read again after a crash. Values; no threads.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "domain/period.h"
#include "domain/usage_event.h"
#include "storage/shapes/collections.h"
#include "storage/shapes/store.h"

namespace metergate {

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

// What a new meter counts of a minute that was before it: of one tenant and group.
struct BackfilledCell {
  std::string slug;
  TenantId tenant;
  Timestamp minute{};
  std::string group;  // encoded
  MeterCell cell;
};

struct DecidedBatch {
  Timestamp at{};
  // As they were sent: their content decides whether a later one is the same.
  std::vector<UsageEvent> events;
  // Of CountReports without a count, by their places: the records that were active.
  std::map<std::size_t, std::int64_t> counts;
  std::vector<DecidedDocument> documents;
  std::vector<DayTotal> day_totals;
  std::optional<Period> close_through;
  std::optional<Period> reopen_from;
  std::optional<DecidedVoid> voided;
  std::vector<BackfilledCell> backfilled;  // of meters that this batch makes
};

// The event as it is folded and kept, where that is not as it was sent: with the count filled in.
std::optional<UsageEvent> counted_event(const DecidedBatch& batch, std::size_t place);

// Events as they stand in the journal and are kept, one behind the other.
class EncodedEvents {
 public:
  EncodedEvents() = default;
  explicit EncodedEvents(const std::vector<UsageEvent>& events);
  std::size_t size() const { return ends_.size(); }
  std::string_view at(std::size_t place) const;
  // Keeps those alone.
  void keep(const std::vector<std::size_t>& places);

 private:
  std::string bytes_;
  std::vector<std::size_t> ends_;
};

// u8 version, at, events, documents, day totals, period to close, the voided event, what new meters
// count; docs/storage-format.md. `events` are those of the batch.
std::string encode(const DecidedBatch& batch, const EncodedEvents& events);
Result<DecidedBatch> decode_batch(std::string_view bytes);

}  // namespace metergate
