#include "storage/cluster/cluster_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <thread>

#include "storage/cluster/change_feed.h"
#include "storage/cluster/follower.h"
#include "storage/cluster/waiting_batches.h"

namespace metergate {
namespace {

constexpr std::size_t kEntryBytes = 4UL << 20;      // no further batch is added beyond it
constexpr std::size_t kEntryBytesMax = 12UL << 20;  // of one batch; a document holds 16 MiB
constexpr Milliseconds kAgainMin{2};                // before bytes of unknown fate are sent again
constexpr Milliseconds kAgainMax{100};
constexpr Milliseconds kMarkEvery{1000};
constexpr Milliseconds kAwayWait{50};  // of a caller, while the database does not answer anyway

Milliseconds longer(Milliseconds pause, Milliseconds most) { return std::min(pause * 2, most); }

// Those after which the next try may succeed.
bool is_passing(const Error& error) {
  return error.code == ErrorCode::overloaded || error.code == ErrorCode::storage;
}

std::vector<ClusterStore::DocumentName> names_of(const auto& writes) {
  std::vector<ClusterStore::DocumentName> names;
  for (const auto& write : writes) names.emplace_back(write.collection, write.key);
  return names;
}

std::unexpected<Error> too_large(std::size_t bytes) {
  return fail(ErrorCode::too_large,
              fmt::format("a batch of {} bytes does not fit into an entry of the shared journal, "
                          "which holds {}: send it in parts",
                          bytes, kEntryBytesMax));
}

std::unexpected<Error> stopped_early() {
  return fail(ErrorCode::overloaded, "this node stops before the database has confirmed it");
}

class NodeStore final : public ClusterStore {
 public:
  NodeStore(std::unique_ptr<SharedJournal> journal, std::unique_ptr<ViewStore> copy,
            const ClusterOptions& options, const Clock& clock, const Log& log)
      : options_(options),
        clock_(clock),
        log_(log),
        journal_(std::move(journal)),
        copy_(std::move(copy)),
        follower_(*journal_, *copy_, options.mark,
                  [this](const DecidedBatch& batch, const std::string& by) {
                    if (by != options_.name) feed_.add(names_of(batch.documents));
                  }) {}
  ~NodeStore() override;
  NodeStore(const NodeStore&) = delete;
  NodeStore& operator=(const NodeStore&) = delete;

  Result<> begin();

  Result<Commit> apply(Batch batch) override;
  Result<Commit> reopen(Batch batch) override {
    TRY(copy_->may_reopen(batch));
    return apply(std::move(batch));
  }
  Result<> admits() const override;
  Sequence durable() const override { return head(); }
  Sequence written() const override { return head(); }
  void when_durable(Sequence sequence, std::move_only_function<void()> then) override;
  void when_written(Sequence sequence, std::move_only_function<void()> then) override {
    when_durable(sequence, std::move(then));
  }
  StoreFigures figures() const override;
  void on_documents_changed(Listener listener) override { feed_.start(std::move(listener)); }
  ClusterFigures cluster_figures() const override;

 private:
  Store& store() const override { return *copy_; }
  void run();
  // One round: follow to the end, decide what waits, append. True if there was anything.
  Result<bool> advance();
  struct Draft {
    std::vector<Result<ViewStore::Judged>> judged;  // the outcomes of the group's first batches
    std::vector<std::string> batches;
  };
  Draft draft() const;
  // False: another node's entry has the slot.
  Result<bool> append(const JournalEntry& entry);
  Result<> fold_own(const JournalEntry& entry);
  void answer(Draft& draft, Sequence before);
  void answer_all(const Error& error);
  void tell_reached();
  void stop_following(const Error& error);
  Milliseconds behind() const;

  const ClusterOptions options_;
  const Clock& clock_;
  const Log& log_;
  std::unique_ptr<SharedJournal> journal_;
  std::unique_ptr<ViewStore> copy_;
  ChangeFeed feed_;
  Follower follower_;
  WaitingBatches waiting_;
  WaitingBatches::Group group_;  // under decision; of the thread alone
  bool is_doubted_ = false;      // a request failed: the past is looked at again

  mutable std::mutex mutex_;  // guards the next three
  std::multimap<Sequence, std::move_only_function<void()>> reached_;
  std::string fault_;
  EntrySlot slot_ = 0;
  std::atomic<std::uint64_t> won_ = 0;
  std::atomic<std::uint64_t> lost_ = 0;
  std::atomic<std::uint64_t> unknown_ = 0;
  std::atomic<std::int64_t> read_to_end_at_ = 0;  // microseconds of Clock::steady()
  std::thread thread_;
};

NodeStore::~NodeStore() {
  feed_.stop();
  waiting_.stop();
  if (thread_.joinable()) thread_.join();
  const Error stopped{ErrorCode::overloaded, "this node stops", {}};
  waiting_.close(stopped);
  answer_all(stopped);
}

Result<> NodeStore::begin() {
  TRY(follower_.begin());
  read_to_end_at_ = clock_.steady().count();
  slot_ = follower_.place().slot;
  thread_ = std::thread([this] { run(); });
  return {};
}

Result<Commit> NodeStore::apply(Batch batch) {
  auto waiting = std::make_shared<WaitingBatch>();
  waiting->prepared = TRY(copy_->prepare(batch));
  waiting->is_like_others = Decider::is_like_others(batch);
  waiting->batch = std::move(batch);
  // A database that is away is asked about once, not by every caller's thread in turn.
  const bool is_away = behind() > options_.answer_within;
  return waiting_.ask(std::move(waiting), is_away ? kAwayWait : options_.answer_within);
}

Result<> NodeStore::admits() const {
  {
    const std::scoped_lock lock(mutex_);
    if (!fault_.empty()) return fail(ErrorCode::overloaded, fault_);
  }
  if (behind() > options_.answer_within)
    return fail(ErrorCode::overloaded,
                fmt::format("the database has not answered for {} ms", behind().count()));
  return copy_->admits();
}

Milliseconds NodeStore::behind() const {
  const Microseconds since{clock_.steady().count() - read_to_end_at_};
  return std::chrono::duration_cast<Milliseconds>(since);
}

void NodeStore::when_durable(Sequence sequence, std::move_only_function<void()> then) {
  {
    const std::scoped_lock lock(mutex_);
    if (sequence > head()) {
      reached_.emplace(sequence, std::move(then));
      return;
    }
  }
  then();
}

void NodeStore::tell_reached() {
  std::vector<std::move_only_function<void()>> ready;
  {
    const std::scoped_lock lock(mutex_);
    slot_ = follower_.place().slot;
    const auto end = reached_.upper_bound(head());
    for (auto at = reached_.begin(); at != end; ++at) ready.push_back(std::move(at->second));
    reached_.erase(reached_.begin(), end);
  }
  for (auto& then : ready) then();
}

StoreFigures NodeStore::figures() const {
  StoreFigures figures = copy_->figures();
  figures.durable = figures.head;
  figures.accepts_writes = figures.accepts_writes && admits().has_value();
  return figures;
}

ClusterFigures NodeStore::cluster_figures() const {
  ClusterFigures figures{.slot = 0,
                         .entries_won = won_,
                         .entries_lost = lost_,
                         .entries_void = follower_.void_entries(),
                         .outcomes_unknown = unknown_,
                         .behind = behind()};
  const std::scoped_lock lock(mutex_);
  figures.slot = slot_;
  figures.fault = fault_;
  return figures;
}

void NodeStore::run() {
  Milliseconds pause = options_.poll_min;
  Microseconds marked = clock_.steady();
  bool was_away = false;
  for (;;) {
    const Result<bool> done = advance();
    if (!done && !is_passing(done.error())) return stop_following(done.error());
    if (!done) {
      if (!was_away) log_.warn("cluster.away", {{"problem", done.error().message}});
      was_away = is_doubted_ = true;
      if (!waiting_.pause(options_.poll_max)) return;
      continue;
    }
    if (was_away) log_.info("cluster.back", {{"slot", static_cast<std::int64_t>(slot_)}});
    was_away = false;
    if (clock_.steady() - marked > kMarkEvery) {
      marked = clock_.steady();
      if (const auto kept = follower_.keep_mark(); !kept)
        log_.warn("cluster.mark_not_kept", {{"problem", kept.error().message}});
    }
    pause = *done ? options_.poll_min : longer(pause, options_.poll_max);
    if (!(group_.empty() ? waiting_.wait(pause) : waiting_.pause(Milliseconds{0}))) return;
  }
}

Result<bool> NodeStore::advance() {
  // Taken before following, so that what is refused is refused on a state of after it came.
  waiting_.add_next(group_);
  if (is_doubted_) TRY(follower_.check_past());
  is_doubted_ = false;
  bool has_followed = false;
  while (TRY(follower_.step())) has_followed = true;
  read_to_end_at_ = clock_.steady().count();
  tell_reached();
  if (!waiting_.drop_given_up(group_)) return has_followed;
  Draft drafted = draft();
  const Sequence before = head();
  if (!drafted.batches.empty()) {
    if (!waiting_.mark_sent(group_)) return true;
    const JournalEntry entry = make_entry(follower_.place(), options_.name, drafted.batches);
    if (!TRY(append(entry))) {
      ++lost_;
      waiting_.mark_waiting(group_);
      return true;
    }
    ++won_;
    TRY(fold_own(entry));
  }
  answer(drafted, before);
  tell_reached();
  return true;
}

NodeStore::Draft NodeStore::draft() const {
  std::vector<ViewStore::Proposal> proposals;
  proposals.reserve(group_.size());
  for (const auto& waiting : group_) proposals.push_back({waiting->batch, waiting->prepared});
  Draft draft;
  std::size_t bytes = 0;
  std::vector<Result<ViewStore::Judged>> all = copy_->judge(proposals);
  for (Result<ViewStore::Judged>& judged : all) {
    const std::size_t its_bytes = judged ? judged->bytes.size() : 0;
    // The rest was decided on what has no room here, and waits for the next entry.
    if (bytes > 0 && bytes + its_bytes > kEntryBytes) break;
    if (its_bytes > kEntryBytesMax) {
      if (draft.judged.empty()) draft.judged.emplace_back(too_large(its_bytes));
      break;
    }
    bytes += its_bytes;
    if (its_bytes > 0) draft.batches.push_back(judged->bytes);
    draft.judged.emplace_back(std::move(judged));
  }
  return draft;
}

Result<bool> NodeStore::append(const JournalEntry& entry) {
  Milliseconds pause = kAgainMin;
  for (bool is_first = true;; is_first = false) {
    const Result<> past = is_first ? Result<>{} : follower_.check_past();
    if (!past && !is_passing(past.error())) return std::unexpected(past.error());
    // Into a database that has lost what this entry goes on from, nothing is sent.
    if (!past) {
      if (!waiting_.pause(options_.poll_max)) return stopped_early();
      continue;
    }
    const Appended appended = TRY(journal_->append(entry));
    if (appended == Appended::won) return true;
    if (appended == Appended::unknown && is_first) ++unknown_;
    is_doubted_ = is_doubted_ || appended == Appended::unknown;
    // Taken may mean by an earlier copy of these bytes.
    const auto there = journal_->read(entry.slot);
    if (there && *there) return (*there)->by == entry.by && (*there)->frame == entry.frame;
    if (!there && !is_passing(there.error())) return std::unexpected(there.error());
    if (!waiting_.pause(pause)) return stopped_early();
    pause = longer(pause, kAgainMax);
  }
}

// The entry is in the journal: only the node's own disk can make it wait.
Result<> NodeStore::fold_own(const JournalEntry& entry) {
  for (;;) {
    const Result<> taken = follower_.take(entry);
    if (taken || !is_passing(taken.error())) return taken;
    if (!waiting_.pause(options_.poll_min)) return taken;
  }
}

void NodeStore::answer(Draft& draft, Sequence before) {
  Sequence sequence = before;
  const std::size_t count = draft.judged.size();
  for (std::size_t i = 0; i < count; ++i) {
    WaitingBatch& waiting = *group_[i];
    Result<ViewStore::Judged>& judged = draft.judged[i];
    Result<Commit> commit = Commit{};
    if (!judged) {
      commit = std::unexpected(std::move(judged).error());
    } else {
      const bool is_written = !judged->bytes.empty();
      commit = Commit{is_written ? ++sequence : head(), std::move(judged->outcomes),
                      !judged->is_refused};
    }
    const bool was_written = commit && commit->applied;
    if (waiting_.answer(waiting, std::move(commit)) && was_written)
      feed_.add(names_of(waiting.batch.documents));
  }
  const auto rest = group_.begin() + static_cast<std::ptrdiff_t>(count);
  waiting_.mark_waiting({rest, group_.end()});
  group_.erase(group_.begin(), rest);
}

void NodeStore::answer_all(const Error& error) {
  for (const auto& waiting : group_) waiting_.answer(*waiting, std::unexpected(error));
  group_.clear();
}

void NodeStore::stop_following(const Error& error) {
  log_.error("cluster.stopped", {{"problem", error.message}});
  {
    const std::scoped_lock lock(mutex_);
    fault_ = "this node has stopped following the shared journal: " + error.message;
  }
  const Error told{ErrorCode::overloaded, fault_, {}};
  waiting_.close(told);
  answer_all(told);
}

}  // namespace

Result<std::unique_ptr<ClusterStore>> open_cluster_store(std::unique_ptr<SharedJournal> journal,
                                                         std::unique_ptr<ViewStore> copy,
                                                         const ClusterOptions& options,
                                                         const Clock& clock, const Log& log) {
  auto store =
      std::make_unique<NodeStore>(std::move(journal), std::move(copy), options, clock, log);
  TRY(store->begin());
  return store;
}

}  // namespace metergate
