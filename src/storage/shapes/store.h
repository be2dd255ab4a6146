// Store: the one door to what is kept. Facts go in by apply(), all or nothing; everything else
// reads.
//
// Order and durability. Batches are applied one after another, each gets the next sequence number,
// and a read sees every batch applied before it. apply() returns before the disk has the batch:
// whoever tells anybody outside about a batch, or about anything read after it, waits until
// durable(sequence). So the rule for every door is the same: take head() after the work is done,
// wait for it, then answer. An answer therefore never rests on something that a power cut could
// take back. Where the disk refuses a sync, the process ends.
//
// All members may be called from any thread. Implementations: memory_store (for tests; can be told
// to fail) and embedded_store (journal and RocksDB). storage/testing/store_contract.h states what
// both must do.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/change_book.h"
#include "base/id.h"
#include "base/json.h"
#include "base/result.h"
#include "base/tally.h"
#include "base/time.h"
#include "domain/counter.h"
#include "domain/meter_cell.h"
#include "domain/period.h"
#include "domain/usage_event.h"
#include "storage/bytes/document_view.h"
#include "storage/shapes/audit.h"
#include "storage/shapes/collections.h"
#include "storage/shapes/meter_shapes.h"
#include "storage/shapes/query.h"

namespace metergate {

using Sequence = std::uint64_t;

// A document's key: its tenant (empty if it belongs to none) and its id within the tenant.
struct DocumentKey {
  std::string tenant;
  std::string id;
  friend auto operator<=>(const DocumentKey&, const DocumentKey&) = default;
};

// The condition on the stored document for the batch to be applied.
enum class Expect : std::uint8_t { anything, absent, revision };

// Writes or removes one document. Every stored document has "revision", set by the store: 1 at its
// creation, one more at each write.
struct DocumentWrite {
  Collection collection = Collection::tenants;
  DocumentKey key;
  std::optional<Json> document;  // nothing: remove
  Expect expect = Expect::anything;
  std::int64_t revision = 0;  // for Expect::revision
};

// A past day's units that come as a sum (backfill); folded like as many events.
struct DayTotal {
  TenantId tenant;
  Day day;
  Counter counter;
};

// A kept event and its position: its batch and its index within it.
struct KeptEvent {
  Sequence sequence = 0;
  std::uint32_t index = 0;
  UsageEvent event;
};

struct EventName {
  TenantId tenant;
  std::string source;
  std::string id;
};

struct Batch {
  Timestamp at{};  // the time of the decision; used by gauges and updated_at of document changes
  std::vector<UsageEvent> events;
  std::vector<DocumentWrite> documents;
  std::vector<AuditRecord> audits;  // written to provider_audits, chained in order
  std::vector<DayTotal> day_totals;
  std::optional<Period> close_through;  // periods up to it take no more events
  // Periods from it on take events again. Set only for Store::reopen(), which makes their events
  // known again.
  std::optional<Period> reopen_from;
  // An event from find_event() to void before this batch's events are counted. It stays among the
  // raw events, and its id stays used.
  std::optional<KeptEvent> voided;
  // The batch is refused if this period takes no more events; set if it adds to the period's
  // statement.
  std::optional<Period> must_be_open;
};

// `unmatched`: kept like an accepted event, but no meter counts its type.
enum class EventOutcome : std::uint8_t { accepted, duplicate, conflict, period_closed, unmatched };
constexpr bool is_kept(EventOutcome outcome) {
  return outcome == EventOutcome::accepted || outcome == EventOutcome::unmatched;
}

struct Commit {
  Sequence sequence = 0;               // of this batch; head() if nothing was written
  std::vector<EventOutcome> outcomes;  // one for each event
  bool applied = true;  // false: an event was a conflict or late; nothing was written
};

// A row of analytics: one tenant's day.
struct DayRow {
  Day day;
  Counter counter;
};

struct MonthSpan {
  Period first;
  Period last;  // included
};
struct TenantMonths {
  TenantId tenant;
  std::vector<std::pair<Period, Counter>> months;
};

struct TenantPeriod {
  TenantId tenant;
  Period period;
  friend auto operator<=>(const TenantPeriod&, const TenantPeriod&) = default;
};

// Cells of an own meter, for one tenant.
enum class CellSpan : std::uint8_t { minute, day };
struct MeterRange {
  TenantId tenant;
  std::string slug;
  CellSpan span = CellSpan::minute;
  Window window;  // cells that begin in it; days begin in the billing time zone
};
struct MeterCellRow {
  Timestamp start{};
  // The values of the meter's groups, in the order of its group_by; nothing if the event had none.
  std::vector<std::optional<std::string>> group;
  bool is_other = false;  // beyond kGroupsMax groups; `group` is empty
  MeterCell cell;
};
struct MeterTotal {
  TenantId tenant;
  std::string slug;
  MeterCell cell;
};
struct CallRange {
  TenantId tenant;
  Meter meter = Meter::api_calls;  // or webhook_calls
  Window window;
};
// The reading of an event by one own meter.
struct OwnReading {
  OwnMeter meter;
  MeterReading reading;
  // The value at the meter's path, as JSON; nothing if it is absent or null.
  std::optional<std::string> given{};
};
// A tenant's month of a meter that does not count it yet.
struct MeterMonth {
  TenantId tenant;
  Period period;
  MeterCell cell;
};

// The outcome of a raw event. An event of a closed period stays counted even if a late line
// corrects it.
enum class EventFate : std::uint8_t { counted, unmatched, voided };
struct RawEvent {
  KeptEvent kept;
  EventFate fate = EventFate::counted;
};
std::string_view name_of(EventFate fate);  // "counted" …
// An event's data in its sent form.
Json data_document(const Fact& fact);
struct RawRange {
  std::optional<TenantId> tenant;  // nothing: all tenants
  Window window;                   // of occurred_at
};

struct RetentionCut {
  // Usage counters and day rollups of earlier periods are removed.
  std::optional<Period> counters_before;
  // Earlier raw events and hourly response metrics are removed from the whole folder.
  std::optional<Timestamp> events_before;
  // Earlier batches leave the journal, even if their segment is not full.
  std::optional<Timestamp> sealed_before;
};

struct RetentionDone {
  std::int64_t counters_removed = 0;
  std::int64_t metrics_removed = 0;
  std::int64_t events_removed = 0;
  bool more = false;  // the step was bounded: call again
};

struct StoreFigures {  // for /health, /metrics, doctor and logs
  Sequence head = 0;
  Sequence durable = 0;
  Sequence checkpointed = 0;
  std::int64_t events_kept = 0;
  std::int64_t archive_bytes = 0;
  std::int64_t journal_bytes = 0;
  LatencyCounts journal_syncs{};
  std::int64_t disk_free_bytes = 0;
  bool accepts_writes = true;
};

class Store {
 public:
  virtual ~Store() = default;

  // Applies the batch completely or not at all. Errors: conflict (an expectation does not hold; the
  // message names the document; or the event was already voided), period_closed (the event to void
  // is in a closed period, or must_be_open is closed), invalid (a count cannot be voided, only
  // stated again), overloaded (too much is waiting for the disk), storage (no disk space: refused
  // before anything is written). Conflicting or late events are not errors: see Commit.
  virtual Result<Commit> apply(Batch batch) = 0;

  // The result that apply() would have for a small batch now; for callers about to do something
  // that cannot be undone.
  virtual Result<> admits() const = 0;

  virtual Sequence head() const = 0;
  // The last sequence that survives a kill of this process, but not a power cut: a weaker promise,
  // for callers that say so. Never behind durable(); callbacks as for when_durable().
  virtual Sequence written() const = 0;
  virtual void when_written(Sequence sequence, std::move_only_function<void()> then) = 0;

  virtual Sequence durable() const = 0;
  // Calls `then` once durable() >= sequence: at once if it is, otherwise from the committing
  // thread.
  virtual void when_durable(Sequence sequence, std::move_only_function<void()> then) = 0;
  // Blocks until durable() >= sequence; for commands, workers and tests.
  void wait_durable(Sequence sequence);

  // Documents.
  virtual Result<std::optional<Json>> get(Collection collection, const DocumentKey& key) const = 0;
  // The stored form: for large documents that need no tree.
  virtual Result<std::optional<StoredDocument>> get_stored(Collection collection,
                                                           const DocumentKey& key) const = 0;
  virtual Result<std::vector<Json>> find(const Query& query) const = 0;
  virtual Result<std::int64_t> count(const Query& query) const = 0;
  // Calls `visit` for each document in the query's order until it returns false. Holds no lock
  // meanwhile, and not all documents in memory if a key or an index gives the order.
  virtual Result<> for_each(const Query& query,
                            const std::function<bool(const Json&)>& visit) const = 0;

  // Figures. A counter's gauges are those at the end of its span, carried over if they did not
  // change in it; a period before a tenant's first event or record has none.
  virtual Result<std::optional<Counter>> counter(const TenantId& tenant, Period period) const = 0;
  // Only calls.count of that counter: cheap enough to read before every request.
  virtual Result<std::int64_t> billable_calls(const TenantId& tenant, Period period) const = 0;
  // All kept periods of a tenant, newest first.
  virtual Result<std::vector<std::pair<Period, Counter>>> counters(
      const TenantId& tenant) const = 0;
  // The months in the span of every tenant that has any, as counter() returns them, oldest first;
  // by tenant. Costs a fraction of reading each tenant. Calls `visit` until it returns false; holds
  // no lock meanwhile.
  virtual Result<> months_of_all_tenants(const MonthSpan& span,
                                         const std::function<bool(TenantMonths&)>& visit) const = 0;
  // Days with any usage, from first to last inclusive, oldest first; gauges are not carried over.
  virtual Result<std::vector<DayRow>> days(const TenantId& tenant, Day first, Day last) const = 0;
  // The gauges at the beginning of a day.
  virtual Result<Gauges> gauges_before(const TenantId& tenant, Day day) const = 0;
  // The number of endpoints that the tenant called in the period (at most 1,000 and `other`).
  virtual Result<std::int64_t> endpoint_count(const TenantId& tenant, Period period) const = 0;

  // The cells of a meter, oldest first; none if the meter does not exist. Calls `visit` until it
  // returns false; holds no lock meanwhile.
  virtual Result<> meter_cells(const MeterRange& range,
                               const std::function<bool(const MeterCellRow&)>& visit) const = 0;
  // A meter's month, over all groups; nothing if it has no event.
  virtual Result<std::optional<MeterCell>> meter_total(const TenantId& tenant,
                                                       std::string_view slug,
                                                       Period period) const = 0;

  // False if no correction of a closed period was ever billed to the tenant, so that late lines
  // need not be searched.
  virtual bool may_have_late_lines(const TenantId& tenant) const = 0;

  // The newest period that takes no more events, if any.
  virtual std::optional<Period> closed_through() const = 0;
  // The tenants and periods whose figures have changed since the last call, each once, at most
  // `max`.
  virtual std::vector<TenantPeriod> take_touched(std::size_t max) = 0;
  // The tenants whose facts or documents changed after a mark, for keeping derived figures up to
  // date. Take a mark before reading the data that it covers.
  virtual ChangedNames changed_tenants(ChangeMark after) const = 0;
  // The mark of the last change to any tenant's figures of the days from first to last, inclusive.
  virtual ChangeMark days_changed(Day first, Day last) const = 0;

  // The times of a tenant's billable API calls, or webhook attempts, in a window, from the raw
  // events, without voided ones. Calls `visit` in no particular order until it returns false.
  virtual Result<> counted_calls(const CallRange& range,
                                 const std::function<bool(Timestamp)>& visit) const = 0;

  // The newest kept event with that name within the window, voided or not.
  virtual Result<std::optional<KeptEvent>> find_event(const EventName& name,
                                                      const Window& within) const = 0;
  // True if it was voided; for a closed period this does not change any more.
  virtual Result<bool> is_voided(const KeptEvent& kept) const = 0;
  // Raw events of every type, newest first by time, then by batch and index, descending. Calls
  // `visit` until it returns false; holds no lock meanwhile.
  virtual Result<> raw_events(const RawRange& range,
                              const std::function<bool(const RawEvent&)>& visit) const = 0;
  // True if an event with that name and content is counted in an open period, so that sending it
  // again, with any time, changes nothing.
  virtual Result<bool> is_counted(const UsageEvent& event) const = 0;
  // The readings of an event with that content, in that batch, by each own meter that counted it
  // then and still exists; by slug.
  virtual Result<std::vector<OwnReading>> own_readings(const UsageEvent& event,
                                                       Sequence sequence) const = 0;

  // Applies a batch with reopen_from, after making the ids of those periods' kept events, which
  // were forgotten at the closing, known again. Reads all of these events, which takes a while.
  // ErrorCode::invalid if the period is not closed, or some of its raw events are no longer kept.
  virtual Result<Commit> reopen(Batch batch) = 0;
  // The last audit record, which the store knows independently of the records themselves.
  virtual AuditHead audit_head() const = 0;
  // The last audit head that the journal had when the store was opened; nothing if it had none, or
  // without a journal.
  virtual std::optional<AuditHead> journal_audit_head() const { return std::nullopt; }
  // The kept events that a meter created now would count, from an instant on; the same as apply()
  // counts for a meter with kMeterFrom in its document. ErrorCode::too_large if it is more than one
  // batch may hold.
  virtual Result<std::vector<MeterMonth>> count_back(const OwnMeter& meter,
                                                     Timestamp from) const = 0;

  // Maintenance; each call does a bounded step.
  virtual Result<RetentionDone> retire(const RetentionCut& cut) = 0;
  // Writes changes that are only in memory and the journal to the view, and seals full segments.
  virtual Result<> checkpoint() = 0;
  // The counters of a period, folded again from the kept raw events without voided ones; gauges are
  // left empty.
  virtual Result<std::vector<std::pair<TenantId, Counter>>> recount(Period period) const = 0;
  // The same for every own meter: its months, from the events since its creation.
  virtual Result<std::vector<MeterTotal>> recount_meters(Period period) const = 0;
  // True if every raw event of the period is still kept, so that recount() can be compared.
  virtual Result<bool> has_all_events(Period period) const = 0;
  virtual StoreFigures figures() const = 0;
};

}  // namespace metergate
