// The store on disk: the journal makes batches durable, the view over RocksDB answers reads, the
// archive keeps the raw events. A thread of its own writes checkpoints and seals full segments.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/check.h"
#include "storage/engine/data_folder.h"
#include "storage/engine/open_store.h"
#include "storage/engine/snapshot.h"
#include "storage/engine/view_store.h"
#include "storage/history/archived_history.h"
#include "storage/kv/rocks_kv.h"

namespace metergate {
namespace {

// The amounts of changes in memory at which a checkpoint is made early, and at which no more is
// accepted; a start replays at most as much before it writes.
constexpr std::size_t kEarlyBytes = 16UL << 20;
constexpr std::size_t kChangedBytesMax = 48UL << 20;
constexpr std::size_t kSmallBatchBytes = 4096;

class JournalLedger final : public Ledger {
 public:
  explicit JournalLedger(Journal& journal) : journal_(journal) {}
  Result<> append(std::uint64_t sequence, std::string_view batch) override {
    return journal_.append(sequence, batch);
  }
  std::uint64_t written() const override { return journal_.written(); }
  void when_written(std::uint64_t sequence, std::move_only_function<void()> then) override {
    journal_.when_written(sequence, std::move(then));
  }
  std::uint64_t durable() const override { return journal_.durable(); }
  void when_durable(std::uint64_t sequence, std::move_only_function<void()> then) override {
    journal_.when_durable(sequence, std::move(then));
  }

 private:
  Journal& journal_;
};

// The first base class, so that the folder stays locked until everything in it is closed.
struct HeldFolder {
  DataFolder folder_;
};

class EmbeddedStore final : private HeldFolder, public ViewStore {
 public:
  EmbeddedStore(DataFolder folder, const ViewStoreOptions& options, std::unique_ptr<View> view,
                const Log& log)
      : HeldFolder{std::move(folder)}, ViewStore(options, std::move(view)), log_(log) {}
  ~EmbeddedStore() override;
  EmbeddedStore(const EmbeddedStore&) = delete;
  EmbeddedStore& operator=(const EmbeddedStore&) = delete;

  Result<> recover(const EmbeddedOptions& options, std::unique_ptr<Archive> archive,
                   const Clock& clock);
  Result<> admits() const override;
  Result<> checkpoint() override;
  Result<StoreSnapshot> take_snapshot();
  Result<RetentionDone> retire(const RetentionCut& cut) override;
  StoreFigures figures() const override;
  std::optional<AuditHead> journal_audit_head() const override { return journal_audit_head_; }

 private:
  std::unique_lock<std::mutex> hold_checkpoints() override {
    return std::unique_lock(checkpoint_mutex_);
  }
  void on_applied(std::size_t changed_bytes) override;
  void checkpoint_until_stopped(Milliseconds every);
  Result<> seal_segments();
  Result<> seal_older(const RetentionCut& cut);
  Result<RetentionDone> compact_some(const RetentionCut& cut);
  Result<> note_audit_head(const DecidedDocument& write);
  Result<std::int64_t> remove_events(Timestamp before) override;

  const Log& log_;
  std::unique_ptr<Journal> journal_;
  ArchivedHistory* history_ = nullptr;  // owned by the store
  std::optional<AuditHead> journal_audit_head_;
  std::optional<Timestamp> compacting_for_;  // everything else of this cut is done
  std::mutex checkpoint_mutex_;              // one checkpoint at a time
  std::atomic<bool> is_behind_ = false;

  std::mutex wake_mutex_;
  std::condition_variable wake_;
  bool is_early_ = false;
  bool is_stopping_ = false;
  std::thread maintenance_;
};

Result<> EmbeddedStore::recover(const EmbeddedOptions& options, std::unique_ptr<Archive> archive,
                                const Clock& clock) {
  auto history = std::make_unique<ArchivedHistory>(std::move(archive));
  history_ = history.get();
  const std::uint64_t in_view = view().state().sequence;
  const std::uint64_t in_archive = history_->archived_through();
  const auto visit = [&](std::uint64_t sequence, std::string_view bytes) -> Result<> {
    const DecidedBatch batch = TRY(decode_batch(bytes));
    for (const DecidedDocument& write : batch.documents) TRY(note_audit_head(write));
    if (sequence > in_view) TRY(replay(sequence, batch, kChangedBytesMax));
    if (sequence > in_archive) history_->add(sequence, batch, EncodedEvents(batch.events));
    return {};
  };
  journal_ = TRY(Journal::open({.folder = folder_.journal(),
                                .segment_bytes = options.segment_bytes,
                                .waiting_bytes_max = options.waiting_bytes_max,
                                .clock = &clock},
                               std::min(in_view, in_archive), visit, log_));
  if (in_archive > journal_->durable()) {
    return fail(ErrorCode::corrupt,
                fmt::format("the archive in {} goes up to batch {}, but journal and view end with "
                            "{}; restore the whole folder from a backup",
                            folder_.events().string(), in_archive, journal_->durable()));
  }
  if (journal_->durable() != head()) {
    return fail(ErrorCode::corrupt,
                fmt::format("the journal in {} ends with batch {}, but the view beside it knows "
                            "{}; restore the folder from a backup",
                            folder_.journal().string(), journal_->durable(), head()));
  }
  start(std::make_unique<JournalLedger>(*journal_), std::move(history));
  maintenance_ =
      std::thread([this, every = options.checkpoint_every] { checkpoint_until_stopped(every); });
  return {};
}

// The last one counts: records and the heads that repeat them come in order.
Result<> EmbeddedStore::note_audit_head(const DecidedDocument& write) {
  if (!write.document) return {};
  if (write.collection == Collection::provider_audits) {
    const AuditLink next = TRY(link_after(*write.document));
    journal_audit_head_ = head_before(next);
  }
  if (write.collection != Collection::settings || write.key.id != kAuditHeadSetting) return {};
  // An unreadable head is reported by `verify` and does not prevent the start.
  if (auto head = parse_audit_head(write.document->string_at("head").value_or("")))
    journal_audit_head_ = *std::move(head);
  return {};
}

EmbeddedStore::~EmbeddedStore() {
  if (!maintenance_.joinable()) return;
  {
    const std::scoped_lock lock(wake_mutex_);
    is_stopping_ = true;
  }
  wake_.notify_one();
  maintenance_.join();
  // Saves the next start the replay; without it the start is slower, but correct.
  if (const auto written = checkpoint(); !written)
    log_.error("store.checkpoint_failed", {{"error", written.error().message}});
}

void EmbeddedStore::on_applied(std::size_t changed_bytes) {
  is_behind_ = changed_bytes > kChangedBytesMax;
  if (changed_bytes < kEarlyBytes) return;
  {
    const std::scoped_lock lock(wake_mutex_);
    is_early_ = true;
  }
  wake_.notify_one();
}

Result<> EmbeddedStore::admits() const {
  if (is_behind_)
    return fail(ErrorCode::overloaded, "more has changed than the disk has taken yet");
  return journal_->admits(kSmallBatchBytes);
}

void EmbeddedStore::checkpoint_until_stopped(Milliseconds every) {
  for (;;) {
    {
      std::unique_lock lock(wake_mutex_);
      wake_.wait_for(lock, every, [this] { return is_stopping_ || is_early_; });
      if (is_stopping_) return;
      is_early_ = false;
    }
    // The journal has everything: the next round tries again, and a start would replay it.
    if (const auto written = checkpoint(); !written)
      log_.error("store.checkpoint_failed", {{"error", written.error().message}});
  }
}

Result<> EmbeddedStore::checkpoint() {
  const std::scoped_lock lock(checkpoint_mutex_);
  if (has_changes()) {
    TRY(write_checkpoint());
    is_behind_ = false;
  }
  return seal_segments();
}

// With the lock held nothing is sealed or removed, so view, archive and journal fit together: the
// journal goes on, but is copied last and never lacks a batch that the view has.
Result<StoreSnapshot> EmbeddedStore::take_snapshot() {
  const std::scoped_lock lock(checkpoint_mutex_);
  const std::uint64_t promised = head();
  StoreSnapshot taken{.folder = snapshot_folder(folder_.root()), .audit_head = audit_head()};
  wait_durable(promised);
  if (has_changes()) TRY(write_checkpoint());
  TRY(begin_snapshot(folder_.root()));
  TRY(view().copy_base_to(taken.folder / folder_.view().filename()));
  TRY(link_files(folder_.events(), taken.folder / folder_.events().filename()));
  // After the view: what it lets go of is written here before.
  TRY(link_files(folder_.counters(), taken.folder / folder_.counters().filename()));
  taken.sequence =
      TRY(copy_journal(journal_->segments(), taken.folder / folder_.journal().filename()));
  CHECK(taken.sequence >= promised);
  return taken;
}

// A full segment leaves the journal once its events are in the archive and its other changes are in
// the view on disk.
Result<> EmbeddedStore::seal_segments() {
  const std::uint64_t written = view().written_sequence();
  std::uint64_t sealed = 0;
  for (const JournalSegment& segment : journal_->segments()) {
    if (!segment.is_full || segment.last_sequence > written) break;
    TRY(history_->seal(segment));
    sealed = segment.last_sequence;
  }
  if (sealed == 0) return {};
  TRY(view().flush());
  TRY(journal_->remove_through(sealed));
  return {};
}

// A segment that does not fill would keep expired data, so it is ended first. Then the data is
// removed from archive and view, and finally the view's files are rewritten. After a crash in
// between, the same call continues.
Result<RetentionDone> EmbeddedStore::retire(const RetentionCut& cut) {
  remove_abandoned_snapshot(folder_.root());  // it keeps what retention lets go of
  const auto sealed = seal_older(cut);
  if (compacting_for_ == cut.events_before && compacting_for_) return compact_some(cut);
  RetentionDone done = TRY(ViewStore::retire(cut));
  // A full disk has no room for a new segment; the space freed so far may be enough.
  if (!done.more && !sealed) return fail(sealed.error());
  if (done.more || !cut.events_before) return done;
  TRY(checkpoint());  // the removal of the rows
  compacting_for_ = cut.events_before;
  return compact_some(cut);
}

Result<> EmbeddedStore::seal_older(const RetentionCut& cut) {
  if (!history_->may_have_older(cut)) return {};
  history_->begin_part();
  TRY(journal_->end_segment());
  return checkpoint();
}

Result<RetentionDone> EmbeddedStore::compact_some(const RetentionCut& cut) {
  RetentionDone done;
  done.more = TRY(view().compact_some(*cut.events_before));
  if (!done.more) compacting_for_.reset();
  return done;
}

Result<std::int64_t> EmbeddedStore::remove_events(Timestamp before) {
  const std::scoped_lock lock(checkpoint_mutex_);  // not while a segment is sealed
  return history_->remove_before(before);
}

StoreFigures EmbeddedStore::figures() const {
  StoreFigures figures = ViewStore::figures();
  for (const JournalSegment& segment : journal_->segments()) figures.journal_bytes += segment.bytes;
  figures.journal_syncs = journal_->syncs();
  figures.archive_bytes = history_->archive_bytes();
  std::error_code error;
  const auto space = std::filesystem::space(folder_.journal(), error);
  if (!error) figures.disk_free_bytes = static_cast<std::int64_t>(space.available);
  figures.accepts_writes = !is_behind_ && journal_->admits(0).has_value();
  return figures;
}

// The folder holds the tenants' usage, callers' addresses and webhook secrets.
Result<> tighten(const DataFolder& folder, const Log& log) {
  const DataFolder::Tightened tightened = TRY(folder.tighten());
  if (tightened.done == 0 && tightened.refused == 0) return {};
  log.warn("store.folder_tightened", {{"folder", folder.journal().parent_path().string()},
                                      {"closed_to_others", tightened.done},
                                      {"still_open_to_others", tightened.refused}});
  return {};
}

}  // namespace

Result<StoreSnapshot> take_snapshot(Store& store) {
  // The one question that only this engine can answer; so the others need not know of it.
  auto* embedded = dynamic_cast<EmbeddedStore*>(&store);
  if (embedded == nullptr)
    return fail(
        ErrorCode::conflict,
        "a node's folder is a copy of what the database has: back that up with its own tools");
  return embedded->take_snapshot();
}

Result<std::unique_ptr<Store>> open_embedded_store(const EmbeddedOptions& options,
                                                   const Clock& clock, const Log& log) {
  return TRY(open_embedded_view_store(options, clock, log));
}

Result<std::unique_ptr<ViewStore>> open_embedded_view_store(const EmbeddedOptions& options,
                                                            const Clock& clock, const Log& log) {
  const Microseconds started = clock.steady();
  DataFolder folder = TRY(DataFolder::open(options.folder, options.zone, options.shared_id_key));
  TRY(tighten(folder, log));
  remove_abandoned_snapshot(folder.root());
  auto base = TRY(open_rocks_kv(folder.view()));
  auto view = TRY(View::open(std::move(base)));
  auto archive = TRY(Archive::open(folder.events()));
  const ViewStoreOptions store_options{options.zone, options.formula, folder.id_key(), &clock};
  const std::uint64_t in_view = view->state().sequence;
  auto store =
      std::make_unique<EmbeddedStore>(std::move(folder), store_options, std::move(view), log);
  TRY(store->recover(options, std::move(archive), clock));
  const auto took = std::chrono::duration_cast<Milliseconds>(clock.steady() - started);
  log.info("store.opened", {{"sequence", static_cast<std::int64_t>(store->head())},
                            {"replayed", static_cast<std::int64_t>(store->head() - in_view)},
                            {"took_ms", std::int64_t{took.count()}}});
  return store;
}

}  // namespace metergate
