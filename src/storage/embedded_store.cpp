// The store on disk: the journal makes batches durable, the view over RocksDB answers, the archive
// keeps the raw events. One thread of its own writes checkpoints and moves full segments on.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "storage/archived_history.h"
#include "storage/data_folder.h"
#include "storage/open_store.h"
#include "storage/rocks_kv.h"
#include "storage/view_store.h"

namespace metergate {
namespace {

// What may have changed in memory before a checkpoint is made early, and before no more is taken; a
// start replays as much before it writes.
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

// A base, and the first one: so the folder stays locked until everything in it is closed.
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

  Result<> recover(const EmbeddedOptions& options, std::unique_ptr<Archive> archive);
  Result<> admits() const override;
  Result<> checkpoint() override;
  StoreFigures figures() const override;

 private:
  void on_applied(std::size_t changed_bytes) override;
  void checkpoint_until_stopped(Milliseconds every);
  Result<> seal_segments();

  const Log& log_;
  std::unique_ptr<Journal> journal_;
  ArchivedHistory* history_ = nullptr;  // the store's own
  std::mutex checkpoint_mutex_;         // one checkpoint at a time
  std::atomic<bool> is_behind_ = false;

  std::mutex wake_mutex_;
  std::condition_variable wake_;
  bool is_early_ = false;
  bool is_stopping_ = false;
  std::thread maintenance_;
};

Result<> EmbeddedStore::recover(const EmbeddedOptions& options, std::unique_ptr<Archive> archive) {
  auto history = std::make_unique<ArchivedHistory>(std::move(archive));
  history_ = history.get();
  const std::uint64_t in_view = view().state().sequence;
  const std::uint64_t in_archive = history_->archived_through();
  const auto visit = [&](std::uint64_t sequence, std::string_view bytes) -> Result<> {
    const DecidedBatch batch = TRY(decode_batch(bytes));
    if (sequence > in_view) TRY(replay(sequence, batch, kChangedBytesMax));
    if (sequence > in_archive) history_->add(sequence, batch, EncodedEvents(batch.events));
    return {};
  };
  journal_ = TRY(Journal::open({.folder = folder_.journal(),
                                .segment_bytes = options.segment_bytes,
                                .waiting_bytes_max = options.waiting_bytes_max},
                               std::min(in_view, in_archive), visit, log_));
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

EmbeddedStore::~EmbeddedStore() {
  if (!maintenance_.joinable()) return;
  {
    const std::scoped_lock lock(wake_mutex_);
    is_stopping_ = true;
  }
  wake_.notify_one();
  maintenance_.join();
  // Spares the next start the replay; without it that start is slower, and as right.
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
    // The journal has everything: the next round tries again, and a start would read it.
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

// A full segment leaves the journal once its events are in the archive and what it changed is on
// disk in the view.
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

StoreFigures EmbeddedStore::figures() const {
  StoreFigures figures = ViewStore::figures();
  for (const JournalSegment& segment : journal_->segments()) figures.journal_bytes += segment.bytes;
  std::error_code error;
  const auto space = std::filesystem::space(folder_.journal(), error);
  if (!error) figures.disk_free_bytes = static_cast<std::int64_t>(space.available);
  figures.accepts_writes = !is_behind_ && journal_->admits(0).has_value();
  return figures;
}

}  // namespace

Result<std::unique_ptr<Store>> open_embedded_store(const EmbeddedOptions& options,
                                                   const Clock& clock, const Log& log) {
  const Microseconds started = clock.steady();
  DataFolder folder = TRY(DataFolder::open(options.folder, options.zone));
  auto base = TRY(open_rocks_kv(folder.view()));
  auto view = TRY(View::open(std::move(base)));
  auto archive = TRY(Archive::open(folder.events()));
  const ViewStoreOptions store_options{options.zone, options.formula, folder.id_key(), &clock};
  const std::uint64_t in_view = view->state().sequence;
  auto store =
      std::make_unique<EmbeddedStore>(std::move(folder), store_options, std::move(view), log);
  TRY(store->recover(options, std::move(archive)));
  const auto took = std::chrono::duration_cast<Milliseconds>(clock.steady() - started);
  log.info("store.opened", {{"sequence", static_cast<std::int64_t>(store->head())},
                            {"replayed", static_cast<std::int64_t>(store->head() - in_view)},
                            {"took_ms", std::int64_t{took.count()}}});
  return store;
}

}  // namespace metergate
