// The embedded engine: the journal makes batches durable, the view over RocksDB answers, the
// archive keeps the raw events. One thread of its own writes checkpoints and seals what is full.
#include <fmt/format.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "storage/embedded_folder.h"
#include "storage/embedded_history.h"
#include "storage/journal.h"
#include "storage/open_store.h"
#include "storage/rocks_kv.h"
#include "storage/view_store.h"

namespace metergate {
namespace {

constexpr std::size_t kCheckpointBytes = 32UL
                                         << 20;  // changed since the last one: time for the next
constexpr std::size_t kChangedBytesMax = 256UL
                                         << 20;  // beyond it nothing is taken until one is written

class JournalLedger final : public Ledger {
 public:
  explicit JournalLedger(Journal& journal) : journal_(journal) {}
  Result<> append(std::uint64_t sequence, std::string_view batch) override {
    return journal_.append(sequence, batch);
  }
  std::uint64_t durable() const override { return journal_.durable(); }
  void when_durable(std::uint64_t sequence, std::move_only_function<void()> then) override {
    journal_.when_durable(sequence, std::move(then));
  }

 private:
  Journal& journal_;
};

class EmbeddedStore final : public ViewStore {
 public:
  EmbeddedStore(const EmbeddedOptions& options, EmbeddedFolder folder, std::unique_ptr<View> opened,
                const Log& log)
      : ViewStore({options.zone, options.formula, folder.hash_key()}, std::move(opened)),
        options_(options),
        folder_(std::move(folder)),
        log_(log) {}

  ~EmbeddedStore() override {
    {
      const std::scoped_lock lock(mutex_);
      is_stopping_ = true;
    }
    wake_.notify_all();
    if (keeper_.joinable()) keeper_.join();
    if (journal_ == nullptr) return;
    if (const auto written = checkpoint(); !written) {
      log_.warn("store.last_checkpoint_failed", {{"message", written.error().message}});
    }
  }

  Result<> recover() {
    auto history = std::make_unique<EmbeddedHistory>(TRY(Archive::open(folder_.archive())));
    const Sequence folded = view().state().sequence;
    const Sequence archived = history->archived_through();
    const auto take = [&](std::uint64_t sequence, std::string_view bytes) -> Result<> {
      const DecidedBatch batch = TRY(decode_batch(bytes));
      if (sequence > folded) TRY(replay(sequence, batch));
      if (sequence > archived) history->add(sequence, batch);
      return {};
    };
    const JournalOptions journal_options{folder_.journal(), options_.segment_bytes,
                                         options_.waiting_bytes_max};
    journal_ = TRY(Journal::open(journal_options, std::min(folded, archived), take, log_));
    if (head() > journal_->durable()) {
      return fail(ErrorCode::corrupt,
                  fmt::format("the view in {} is ahead of the journal in {}: segments are missing; "
                              "restore the folder "
                              "from a backup",
                              folder_.view().string(), folder_.journal().string()));
    }
    history_ = history.get();
    start(std::make_unique<JournalLedger>(*journal_), std::move(history));
    keeper_ = std::thread([this] { keep(); });
    return {};
  }

  Result<> checkpoint() override {
    const std::scoped_lock lock(checkpoint_mutex_);
    TRY(write_checkpoint());
    TRY(view().flush());
    return seal();
  }

  StoreFigures figures() const override {
    StoreFigures figures = ViewStore::figures();
    for (const SegmentInfo& segment : journal_->segments()) figures.journal_bytes += segment.bytes;
    struct statvfs disk {};
    if (::statvfs(folder_.root().c_str(), &disk) == 0) {
      figures.disk_free_bytes =
          static_cast<std::int64_t>(disk.f_bavail) * static_cast<std::int64_t>(disk.f_frsize);
    }
    figures.accepts_writes = admits().has_value();
    return figures;
  }

 private:
  Result<> admits() const override {
    if (changed_ > kChangedBytesMax) {
      return fail(ErrorCode::overloaded,
                  "too much is waiting to be written to the disk; try again in a moment");
    }
    return journal_->admits(0);
  }

  void on_applied(std::size_t changed_bytes) override {
    changed_ = changed_bytes;
    if (changed_bytes > kCheckpointBytes) wake_.notify_all();
  }

  // Full segments go to the archive, then leave the journal: what they changed was flushed before.
  Result<> seal() {
    const Sequence flushed = figures_checkpointed();
    for (const SegmentInfo& segment : journal_->segments()) {
      if (!segment.is_full || segment.last_sequence == 0 || segment.last_sequence > flushed)
        continue;
      if (segment.last_sequence > history_->archived_through()) TRY(archive(segment));
    }
    return journal_->remove_through(std::min<Sequence>(flushed, history_->archived_through()));
  }

  Sequence figures_checkpointed() const { return ViewStore::figures().checkpointed; }

  Result<> archive(const SegmentInfo& segment) {
    std::vector<ArchivedEvent> events;
    const auto collect = [&](std::uint64_t sequence, std::string_view bytes) -> Result<> {
      DecidedBatch batch = TRY(decode_batch(bytes));
      for (std::uint32_t index = 0; index < batch.events.size(); ++index) {
        events.push_back({sequence, index, to_final(std::move(batch.events[index]))});
      }
      return {};
    };
    TRY(journal_->read(segment, collect));
    return history_->move_to_archive(segment.first_sequence, segment.last_sequence,
                                     std::move(events));
  }

  bool has_full_segment() const {
    return std::ranges::any_of(journal_->segments(),
                               [](const SegmentInfo& segment) { return segment.is_full; });
  }

  // Until it stops: a checkpoint whenever it is time for one; flushed where a segment waits to be
  // sealed.
  void keep() {
    std::unique_lock lock(mutex_);
    while (!is_stopping_) {
      wake_.wait_for(lock, options_.checkpoint_every,
                     [this] { return is_stopping_ || changed_ > kCheckpointBytes; });
      if (is_stopping_) return;
      lock.unlock();
      step();
      lock.lock();
    }
  }

  void step() {
    if (head() == last_written_ && !has_full_segment()) return;
    const Sequence before = head();
    const Result<> done = has_full_segment() ? checkpoint() : light_checkpoint();
    if (done) {
      last_written_ = before;
      changed_ = changed_bytes();
      return;
    }
    if (done.error().code == ErrorCode::corrupt) stop_process(done.error());
    // No room, most likely: what changed stays in memory, admits() bounds it, the journal has it.
    log_.error("store.checkpoint_failed", {{"message", done.error().message}});
    changed_ = std::min(changed_.load(), kCheckpointBytes);
  }

  Result<> light_checkpoint() {
    const std::scoped_lock lock(checkpoint_mutex_);
    return write_checkpoint();
  }

  EmbeddedOptions options_;
  EmbeddedFolder folder_;
  const Log& log_;
  std::unique_ptr<Journal> journal_;
  EmbeddedHistory* history_ = nullptr;  // the view store's
  std::mutex checkpoint_mutex_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool is_stopping_ = false;
  std::atomic<std::size_t> changed_{0};
  Sequence last_written_ = 0;
  std::thread keeper_;
};

}  // namespace

Result<std::unique_ptr<Store>> open_embedded_store(const EmbeddedOptions& options, const Clock&,
                                                   const Log& log) {
  EmbeddedFolder folder = TRY(EmbeddedFolder::open(options.folder, options.zone));
  auto base = TRY(open_rocks_kv(folder.view()));
  auto view = TRY(View::open(std::move(base)));
  auto store = std::make_unique<EmbeddedStore>(options, std::move(folder), std::move(view), log);
  TRY(store->recover());
  return store;
}

}  // namespace metergate
