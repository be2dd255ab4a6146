// ViewStore: the Store over a view, a ledger and an event history; shared by both engines.
//
// One lock: apply() and retention hold it alone; reads share it for one look-up or one chunk of
// documents. Work that needs no lock (hashing events, searching their ids in the base) is done
// without it.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <span>

#include "storage/engine/ledger.h"
#include "storage/fold/backfill.h"
#include "storage/fold/decide.h"
#include "storage/fold/fold.h"
#include "storage/history/event_history.h"
#include "storage/shapes/store.h"
#include "storage/view/documents.h"
#include "storage/view/voided_events.h"

namespace metergate {

struct ViewStoreOptions {
  TimeZone zone = TimeZone::utc();
  StorageFormula formula;
  HashKey key;                   // for the hashes of event ids
  const Clock* clock = nullptr;  // nullptr: the newest fact is the latest time
};

class ViewStore : public Store {
 private:
  // The base's generation in which ids were looked up; nothing if there were none.
  using Generation = std::optional<std::uint64_t>;
  // A new meter's figures from the batches up to `through`, read without the lock.
  struct CountedBack {
    Backfill backfill;
    Sequence through = 0;
    Sequence last_void = 0;  // at that time
  };

 public:
  Result<Commit> apply(Batch batch) override;

  // For an engine whose order of batches is settled elsewhere (storage/cluster), which uses these
  // in place of apply() and reopen(), from one thread.
  //
  // The part of a batch's work that is done without the lock, from any thread.
  struct Prepared {
    std::vector<KnownId> known;
    Generation generation;
    EncodedEvents encoded;
    std::vector<CountedBack> backfills;
  };
  Result<Prepared> prepare(const Batch& batch) const;
  struct Proposal {
    const Batch& batch;
    const Prepared& prepared;
  };
  struct Judged {
    std::vector<EventOutcome> outcomes;
    bool is_refused = false;
    std::string bytes;  // as decode_batch() reads them; empty: nothing new
  };
  // Decides the batches in their order, each on the state that those before it leave; all of them
  // are Decider::is_like_others(), or there is one.
  std::vector<Result<Judged>> judge(std::span<const Proposal> proposals) const;
  // Checks that a batch with reopen_from may be judged.
  Result<> may_reopen(const Batch& batch) const;
  // Folds the batch that comes next. ErrorCode::overloaded: the disk has to catch up first.
  Result<> take(Sequence sequence, const DecidedBatch& batch, std::string_view bytes);

  Result<Commit> reopen(Batch batch) override;
  // Checks that apply() may take more now; otherwise ErrorCode::overloaded or storage.
  Result<> admits() const override { return {}; }
  Sequence head() const override { return head_; }
  Sequence written() const override { return ledger_->written(); }
  void when_written(Sequence sequence, std::move_only_function<void()> then) override {
    ledger_->when_written(sequence, std::move(then));
  }
  Sequence durable() const override { return ledger_->durable(); }
  void when_durable(Sequence sequence, std::move_only_function<void()> then) override {
    ledger_->when_durable(sequence, std::move(then));
  }

  Result<std::optional<Json>> get(Collection collection, const DocumentKey& key) const override;
  Result<std::optional<StoredDocument>> get_stored(Collection collection,
                                                   const DocumentKey& key) const override;
  Result<std::vector<Json>> find(const Query& query) const override;
  Result<std::int64_t> count(const Query& query) const override;
  Result<> for_each(const Query& query,
                    const std::function<bool(const Json&)>& visit) const override;

  Result<std::optional<Counter>> counter(const TenantId& tenant, Period period) const override;
  Result<std::int64_t> billable_calls(const TenantId& tenant, Period period) const override;
  Result<std::vector<std::pair<Period, Counter>>> counters(const TenantId& tenant) const override;
  Result<> months_of_all_tenants(const MonthSpan& span,
                                 const std::function<bool(TenantMonths&)>& visit) const override;
  Result<std::vector<DayRow>> days(const TenantId& tenant, Day first, Day last) const override;
  Result<Gauges> gauges_before(const TenantId& tenant, Day day) const override;
  Result<std::int64_t> endpoint_count(const TenantId& tenant, Period period) const override;

  Result<> meter_cells(const MeterRange& range,
                       const std::function<bool(const MeterCellRow&)>& visit) const override;
  Result<std::optional<MeterCell>> meter_total(const TenantId& tenant, std::string_view slug,
                                               Period period) const override;

  bool may_have_late_lines(const TenantId& tenant) const override;
  std::optional<Period> closed_through() const override;
  std::vector<TenantPeriod> take_touched(std::size_t max) override;
  ChangedNames changed_tenants(ChangeMark after) const override;
  ChangeMark days_changed(Day first, Day last) const override;

  Result<> counted_calls(const CallRange& range,
                         const std::function<bool(Timestamp)>& visit) const override;
  Result<std::optional<KeptEvent>> find_event(const EventName& name,
                                              const Window& within) const override;
  Result<bool> is_voided(const KeptEvent& kept) const override;
  Result<std::vector<OwnReading>> own_readings(const UsageEvent& event,
                                               Sequence sequence) const override;
  Result<> raw_events(const RawRange& range,
                      const std::function<bool(const RawEvent&)>& visit) const override;
  Result<bool> is_counted(const UsageEvent& event) const override;
  Result<std::vector<MeterMonth>> count_back(const OwnMeter& meter, Timestamp from) const override;
  Result<RetentionDone> retire(const RetentionCut& cut) override;
  Result<std::vector<std::pair<TenantId, Counter>>> recount(Period period) const override;
  Result<std::vector<MeterTotal>> recount_meters(Period period) const override;
  Result<bool> has_all_events(Period period) const override;
  AuditHead audit_head() const override;
  StoreFigures figures() const override;

 protected:
  ViewStore(const ViewStoreOptions& options, std::unique_ptr<View> view);
  // Called before any other function.
  void start(std::unique_ptr<Ledger> ledger, std::unique_ptr<EventHistory> history);
  // Folds a batch of the journal, before start(). If more than `changed_bytes_max` has changed, the
  // changes are written to the base at once.
  Result<> replay(Sequence sequence, const DecidedBatch& batch, std::size_t changed_bytes_max);
  bool has_changes() const;
  // Writes the changes to the base. One at a time.
  Result<> write_checkpoint();
  // While it is held, no checkpoint is written.
  virtual std::unique_lock<std::mutex> hold_checkpoints() = 0;
  virtual Result<std::int64_t> remove_events(Timestamp before) {
    return history_->remove_before(before);
  }
  // Called with the lock held, after a batch.
  virtual void on_applied(std::size_t changed_bytes) = 0;

  View& view() { return *view_; }

 private:
  Result<std::vector<KnownId>> identify(const std::vector<UsageEvent>& events,
                                        Generation& generation) const;
  Result<> look_up(std::vector<KnownId>& known) const;
  Result<CountedBack> count_kept(CountedMeter meter) const;
  Result<> count_kept(Backfill& backfill, Sequence after, Sequence through,
                      const VoidedEvents& voided) const;
  Result<std::vector<CountedBack>> prepare_backfills(const Batch& batch) const;
  // With the lock held: adds the events that came since, and so completes the cells of the batch.
  Result<> finish_backfills(DecidedBatch& batch, std::vector<CountedBack> prepared) const;
  Result<Commit> commit(Batch batch, Prepared prepared);
  struct Settled {
    Sequence sequence;
    const DecidedBatch& batch;
    const std::vector<EventId>& ids;
    const EncodedEvents& encoded;
  };
  // With the lock held: a batch that the ledger has cannot be undone.
  void fold_settled(const Settled& settled);
  Result<Judged> judge_next(Decider& decider, const Proposal& proposal) const;
  // Makes the ids from a period on known again, before it is reopened; checkpoints are held.
  Result<> recall(Period from);
  Result<> recall_ids(Period from);
  // True if the ids of every event in the window are still known; those of closed periods are not.
  bool has_ids_of(const Window& window) const;
  EventFate fate_of(const KeptEvent& kept) const;
  // For events in order of time; used without the lock.
  FateOf fates() const;
  // True if an event with that name may be kept: its id is known, or it has none.
  Result<bool> is_known(const EventName& name) const;
  ReadContext context() const {
    return {*view_, options_.zone, options_.formula, mutex_, options_.clock};
  }
  void note_changes(const DecidedBatch& batch);
  void note_documents(const DecidedBatch& batch);
  Result<> retire_rows(const RetentionCut& cut, RetentionDone& done);
  std::optional<Period> last_removable(const RetentionCut& cut) const;
  struct Open;
  Result<Open> open(const Query& query) const;
  Result<std::int64_t> count_events(const Query& query) const;

  ViewStoreOptions options_;
  mutable std::shared_mutex mutex_;
  std::unique_ptr<View> view_;
  Touched touched_;
  ChangeBook changed_;
  std::map<Day, ChangeMark> changed_days_;
  ChangeMark all_days_changed_ = 1;
  mutable Fold fold_;  // its calendar is a cache
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<EventHistory> history_;
  std::atomic<Sequence> head_{0};
  Sequence last_void_ = 0;  // the last batch since the start that voided an event
};

}  // namespace metergate
