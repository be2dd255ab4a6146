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

// A document's key: the tenant it belongs to (empty for what belongs to none) and its id within.
struct DocumentKey {
  std::string tenant;
  std::string id;
  friend auto operator<=>(const DocumentKey&, const DocumentKey&) = default;
};

// What must hold of the stored document for the batch to be applied.
enum class Expect : std::uint8_t { anything, absent, revision };

// Writes or removes one document. Every stored document carries "revision", set by the store: 1
// when it is made, one more at each write.
struct DocumentWrite {
  Collection collection = Collection::tenants;
  DocumentKey key;
  std::optional<Json> document;  // nothing: remove
  Expect expect = Expect::anything;
  std::int64_t revision = 0;  // with Expect::revision
};

// Units of one day of the past that come as a sum (backfill); folded like that many events.
struct DayTotal {
  TenantId tenant;
  Day day;
  Counter counter;
};

// An event as it is kept, and where: its batch and its place within it.
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
  Timestamp at{};  // when it was decided; what gauges and updated_at of document changes carry
  std::vector<UsageEvent> events;
  std::vector<DocumentWrite> documents;
  std::vector<AuditRecord> audits;  // written to provider_audits, chained in order
  std::vector<DayTotal> day_totals;
  std::optional<Period> close_through;  // this period and all before it take no more events
  // This period and all after it take events again. Only by Store::reopen(), which sees to it that
  // their events are known.
  std::optional<Period> reopen_from;
  // Counted out again, as find_event() gave it, before this batch's events are counted. It stays
  // among the raw events, and its id stays taken.
  std::optional<KeptEvent> voided;
  // Refused where this period takes no more events: for what belongs into its statement.
  std::optional<Period> must_be_open;
};

// `unmatched`: kept as an accepted one is, and no meter there is counts its type.
enum class EventOutcome : std::uint8_t { accepted, duplicate, conflict, period_closed, unmatched };
constexpr bool is_kept(EventOutcome outcome) {
  return outcome == EventOutcome::accepted || outcome == EventOutcome::unmatched;
}

struct Commit {
  Sequence sequence = 0;               // of this batch; head() where there was nothing new to write
  std::vector<EventOutcome> outcomes;  // one for each event
  bool applied = true;  // false: an event was a conflict or in a closed period; nothing was written
};

// A row of an analysis: one tenant's day.
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

// Cells of a meter of the provider's own, for one tenant.
enum class CellSpan : std::uint8_t { minute, day };
struct MeterRange {
  TenantId tenant;
  std::string slug;
  CellSpan span = CellSpan::minute;
  Window window;  // cells that begin in it; days begin in the billing time zone
};
struct MeterCellRow {
  Timestamp start{};
  // The values that the meter groups by, in the order of its group_by; nothing: the event had none.
  std::vector<std::optional<std::string>> group;
  bool is_other = false;  // what came after kGroupsMax groups; `group` is empty
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
// What an event says to one of them.
struct OwnReading {
  OwnMeter meter;
  MeterReading reading;
  // What stands where the meter looks for its value, as JSON; nothing: nothing does, or null.
  std::optional<std::string> given{};
};
// A tenant's month of a meter that does not count it yet.
struct MeterMonth {
  TenantId tenant;
  Period period;
  MeterCell cell;
};

// What became of a raw event. A late correction leaves one of a closed period as it was counted.
enum class EventFate : std::uint8_t { counted, unmatched, voided };
struct RawEvent {
  KeptEvent kept;
  EventFate fate = EventFate::counted;
};
std::string_view name_of(EventFate fate);  // "counted" …
// An event's data as a sender writes it.
Json data_document(const Fact& fact);
struct RawRange {
  std::optional<TenantId> tenant;  // nothing: all tenants
  Window window;                   // of occurred_at
};

struct RetentionCut {
  // Usage counters and day rollups of earlier periods are removed.
  std::optional<Period> counters_before;
  // Raw events and hourly response metrics from before are removed, wherever the folder has them.
  std::optional<Timestamp> events_before;
  // What was decided before leaves the journal, full segment or not.
  std::optional<Timestamp> sealed_before;
};

struct RetentionDone {
  std::int64_t counters_removed = 0;
  std::int64_t metrics_removed = 0;
  std::int64_t events_removed = 0;
  bool more = false;  // the step was bounded: call again
};

struct StoreFigures {  // for /health, doctor and logs
  Sequence head = 0;
  Sequence durable = 0;
  Sequence checkpointed = 0;
  std::int64_t events_kept = 0;
  std::int64_t journal_bytes = 0;
  std::int64_t disk_free_bytes = 0;
  bool accepts_writes = true;
};

class Store {
 public:
  virtual ~Store() = default;

  // Applies the batch, or nothing of it. Errors: conflict (an expectation does not hold; the
  // message names the document; or the event was voided before), period_closed (the event to be
  // voided lies in a closed period, or must_be_open is one), invalid (a count is not voided but
  // stated again), overloaded (too much is waiting for the disk), storage (no room on the disk:
  // refused before anything is written). Conflicting or late events are no error: see Commit.
  virtual Result<Commit> apply(Batch batch) = 0;

  // As apply() would answer a small batch now: for who must know before it does what cannot be
  // undone.
  virtual Result<> admits() const = 0;

  virtual Sequence head() const = 0;
  // What survives the end of this process, killed or not, but not a power cut: a weaker promise,
  // for who says so to its callers. Never behind durable(); callbacks as those of when_durable().
  virtual Sequence written() const = 0;
  virtual void when_written(Sequence sequence, std::move_only_function<void()> then) = 0;

  virtual Sequence durable() const = 0;
  // Calls `then` once durable() >= sequence: at once where it is, else from the committing thread.
  virtual void when_durable(Sequence sequence, std::move_only_function<void()> then) = 0;
  // Blocks until durable() >= sequence; for commands, workers and tests.
  void wait_durable(Sequence sequence);

  // Documents.
  virtual Result<std::optional<Json>> get(Collection collection, const DocumentKey& key) const = 0;
  // The same as it is stored: for large documents, of which a tree need not be made.
  virtual Result<std::optional<StoredDocument>> get_stored(Collection collection,
                                                           const DocumentKey& key) const = 0;
  virtual Result<std::vector<Json>> find(const Query& query) const = 0;
  virtual Result<std::int64_t> count(const Query& query) const = 0;
  // Calls `visit` for each document in the query's order until it returns false; holds no lock
  // meanwhile and not all of them in memory where the order is that of a key or an index.
  virtual Result<> for_each(const Query& query,
                            const std::function<bool(const Json&)>& visit) const = 0;

  // Figures. A counter's gauges are those at the end of its span, carried from before where nothing
  // changed in it; a period before a tenant's first event or record has none.
  virtual Result<std::optional<Counter>> counter(const TenantId& tenant, Period period) const = 0;
  // calls.count of that counter alone: cheap enough to be asked before every request.
  virtual Result<std::int64_t> billable_calls(const TenantId& tenant, Period period) const = 0;
  // Every period kept of a tenant, newest first.
  virtual Result<std::vector<std::pair<Period, Counter>>> counters(
      const TenantId& tenant) const = 0;
  // The months in the span of every tenant that has any, as counter() gives them, oldest first; by
  // tenant. Costs a fraction of asking for each. Calls `visit` until it returns false; holds no
  // lock meanwhile.
  virtual Result<> months_of_all_tenants(const MonthSpan& span,
                                         const std::function<bool(TenantMonths&)>& visit) const = 0;
  // Days with anything in them, from first to last included, oldest first; gauges not carried.
  virtual Result<std::vector<DayRow>> days(const TenantId& tenant, Day first, Day last) const = 0;
  // The gauges as they were when a day began.
  virtual Result<Gauges> gauges_before(const TenantId& tenant, Day day) const = 0;
  // How many endpoints the tenant called in the period (at most 1,000 and `other`).
  virtual Result<std::int64_t> endpoint_count(const TenantId& tenant, Period period) const = 0;

  // The cells of a meter, oldest first; none where there is no such meter. Calls `visit` until it
  // returns false; holds no lock meanwhile.
  virtual Result<> meter_cells(const MeterRange& range,
                               const std::function<bool(const MeterCellRow&)>& visit) const = 0;
  // A meter's month, all groups together; nothing where no event came.
  virtual Result<std::optional<MeterCell>> meter_total(const TenantId& tenant,
                                                       std::string_view slug,
                                                       Period period) const = 0;

  // False: no correction of a closed period was ever billed to the tenant, so that there are no
  // late lines to look for.
  virtual bool may_have_late_lines(const TenantId& tenant) const = 0;

  // The newest period that takes no more events, if any.
  virtual std::optional<Period> closed_through() const = 0;
  // Whose figures have changed since the last call, each once, at most `max` of them.
  virtual std::vector<TenantPeriod> take_touched(std::size_t max) = 0;
  // Whose facts or documents changed after a mark, for who keeps what follows from them. A mark is
  // had before what it stands for is read.
  virtual ChangedNames changed_tenants(ChangeMark after) const = 0;
  // The mark of the last change to any tenant's figures of the days from first to last, included.
  virtual ChangeMark days_changed(Day first, Day last) const = 0;

  // The times of a tenant's billable API calls, or webhook attempts, in a window, read one by one
  // from what was recorded, without those that were voided. Calls `visit` in no promised order
  // until it returns false.
  virtual Result<> counted_calls(const CallRange& range,
                                 const std::function<bool(Timestamp)>& visit) const = 0;

  // The newest kept event of that name within the window, voided or not.
  virtual Result<std::optional<KeptEvent>> find_event(const EventName& name,
                                                      const Window& within) const = 0;
  // Whether it was counted out again; of a closed period that does not change any more.
  virtual Result<bool> is_voided(const KeptEvent& kept) const = 0;
  // Raw events of every type, newest first by their time, then by batch and place, falling. Calls
  // `visit` until it returns false; holds no lock meanwhile.
  virtual Result<> raw_events(const RawRange& range,
                              const std::function<bool(const RawEvent&)>& visit) const = 0;
  // Whether an event of that name and content is counted in a period that takes events: sending it
  // again changes nothing, whatever time it now says.
  virtual Result<bool> is_counted(const UsageEvent& event) const = 0;
  // What an event of that content, come with that batch, says to each meter of the provider's own
  // that counted it then and is still there; by slug.
  virtual Result<std::vector<OwnReading>> own_readings(const UsageEvent& event,
                                                       Sequence sequence) const = 0;

  // Applies a batch whose reopen_from is set, once the ids of the events kept of those periods,
  // which were forgotten when they were closed, are known again. Reads all of these: takes its
  // time. ErrorCode::invalid where the period is not closed, or the raw events are not all kept.
  virtual Result<Commit> reopen(Batch batch) = 0;
  // The last audit record that was made, as the store knows it beside the records themselves.
  virtual AuditHead audit_head() const = 0;
  // The last that the journal had when the store was opened; nothing: none, or no journal.
  virtual std::optional<AuditHead> journal_audit_head() const { return std::nullopt; }
  // What a meter made now would count of the events that are kept, from an instant on; as apply()
  // counts them for a meter whose document says kMeterFrom. ErrorCode::too_large where that is more
  // than one batch may hold.
  virtual Result<std::vector<MeterMonth>> count_back(const OwnMeter& meter,
                                                     Timestamp from) const = 0;

  // Maintenance; each does a bounded step.
  virtual Result<RetentionDone> retire(const RetentionCut& cut) = 0;
  // Writes what is only in memory and the journal to the view, and seals full segments.
  virtual Result<> checkpoint() = 0;
  // The counters of a period, folded anew from the raw events that are kept and were not voided;
  // gauges left empty.
  virtual Result<std::vector<std::pair<TenantId, Counter>>> recount(Period period) const = 0;
  // The same of every meter of the provider's own: its months, from the events since it was made.
  virtual Result<std::vector<MeterTotal>> recount_meters(Period period) const = 0;
  // Whether every raw event of the period is still kept, so that recount() can be compared.
  virtual Result<bool> has_all_events(Period period) const = 0;
  virtual StoreFigures figures() const = 0;
};

}  // namespace metergate
