// DecidedBatch: the changes of one sequence number after every decision: accepted events and final
// documents only. The journal stores it, and the view folds it, both when it has just been decided
// and when it is read again after a crash. Values; no threads.
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

// A voided event, and the figures that subtraction cannot give.
struct DecidedVoid {
  KeptEvent kept;
  Gauge day_bytes;  // for a StorageReport: the day's figure without it
  // For meters that cannot subtract, by slug: the cell of its minute and group without it.
  std::vector<std::pair<std::string, MeterCell>> minutes;
};

// A new meter's figure for an earlier minute, of one tenant and group.
struct BackfilledCell {
  std::string slug;
  TenantId tenant;
  Timestamp minute{};
  std::string group;  // encoded
  MeterCell cell;
};

struct DecidedBatch {
  Timestamp at{};
  // In their sent form, since their content decides whether a later event is a duplicate.
  std::vector<UsageEvent> events;
  // For CountReports without a count, by index: the number of active records.
  std::map<std::size_t, std::int64_t> counts;
  std::vector<DecidedDocument> documents;
  std::vector<DayTotal> day_totals;
  std::optional<Period> close_through;
  std::optional<Period> reopen_from;
  std::optional<DecidedVoid> voided;
  std::vector<BackfilledCell> backfilled;  // for meters that this batch creates
};

// The event as it is folded and kept, if that differs from the sent form: with the count filled in.
std::optional<UsageEvent> counted_event(const DecidedBatch& batch, std::size_t place);

// Encoded events as in the journal, one after another.
class EncodedEvents {
 public:
  EncodedEvents() = default;
  explicit EncodedEvents(const std::vector<UsageEvent>& events);
  std::size_t size() const { return ends_.size(); }
  std::string_view at(std::size_t place) const;
  // Keeps only those at the given indexes.
  void keep(const std::vector<std::size_t>& places);

 private:
  std::string bytes_;
  std::vector<std::size_t> ends_;
};

// u8 version, at, events, documents, day totals, period to close, the voided event, backfills; see
// docs/storage-format.md. `events` are those of the batch.
std::string encode(const DecidedBatch& batch, const EncodedEvents& events);
Result<DecidedBatch> decode_batch(std::string_view bytes);

}  // namespace metergate
