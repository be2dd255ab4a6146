#include "storage/journal/journal.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <semaphore>
#include <thread>
#include <utility>

#include "base/check.h"
#include "base/stop.h"
#include "storage/bytes/files.h"
#include "storage/journal/journal_frame.h"
#include "storage/journal/journal_recovery.h"
#include "storage/journal/journal_segment.h"
#include "storage/journal/journal_spares.h"
#include "storage/journal/sequence_gate.h"

namespace metergate {
namespace {

// The longest time that a written frame stays unsynced if no caller waits for it.
constexpr std::chrono::milliseconds kSyncWithin{5};
constexpr std::size_t kRecycledBytesMax = 256 << 10;
constexpr std::size_t kFrameBatchesMax = 4096;
constexpr std::size_t kFrameBytesMax = 4 << 20;   // a larger batch has a frame of its own
constexpr std::size_t kBatchBytesMax = 32 << 20;  // and must fit into a segment
// The most that a batch costs besides its bytes: its length and a frame of its own.
constexpr std::size_t kBatchOverheadBytes = kFrameOverheadBytes + 16;

[[noreturn]] void stop_at_once(const Error& error) {
  stop_process(fmt::format(
      "the disk refused to keep the journal ({}); stopping so that nothing is acknowledged that is "
      "not on disk",
      error.message));
}

template <class T>
T or_stop(Result<T> result) {
  if (!result) stop_at_once(result.error());
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

// A frame that is being formed or waits to be written.
struct Forming {
  std::string bytes;
  std::uint64_t first_sequence = 0;
  std::uint32_t batches = 0;
  std::size_t counted = 0;  // counted as waiting
};

class SegmentedJournal final : public Journal {
 public:
  SegmentedJournal(const JournalOptions& options, Recovered recovered);
  ~SegmentedJournal() override;
  SegmentedJournal(const SegmentedJournal&) = delete;
  SegmentedJournal& operator=(const SegmentedJournal&) = delete;

  Result<> start();

  Result<> append(std::uint64_t sequence, std::string_view batch) override;
  Result<> admits(std::size_t bytes) const override;
  std::uint64_t written() const override { return written_.reached(); }
  void when_written(std::uint64_t sequence, std::move_only_function<void()> then) override;
  std::uint64_t durable() const override { return durable_.load(std::memory_order_acquire); }
  void when_durable(std::uint64_t sequence, std::move_only_function<void()> then) override;
  std::vector<JournalSegment> segments() const override;
  LatencyCounts syncs() const override { return syncs_.counts(); }
  Result<> end_segment() override;
  Result<> remove_through(std::uint64_t sequence) override;

 private:
  // The position that the file has reached, and the unsynced part of it.
  struct Reach {
    std::uint64_t sequence = 0;
    std::int64_t offset = 0;
    std::size_t unsynced = 0;  // as counted in waiting_
  };

  Result<> admits_locked(std::size_t bytes) const;
  bool must_hurry() const;
  bool write_formed(Reach& reach);
  std::optional<Forming> take_formed();
  void write(Forming& frame);
  void commit_until_stopped();
  void commit();
  void sync_frames();
  void begin_segment();
  void report(const Reach& reach);
  std::size_t segment_room() const {
    return static_cast<std::size_t>(options_.segment_bytes) - kSegmentHeaderBytes;
  }
  // At most a segment's room waits, so one free segment can always hold all accepted batches.
  std::size_t waiting_max() const {
    return std::min(static_cast<std::size_t>(options_.waiting_bytes_max), segment_room());
  }

  const JournalOptions options_;
  SpareSegments spares_;

  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable ended_;         // is_ending_ has become false
  std::deque<Forming> forming_;           // oldest first; bounded by waiting_max()
  std::string recycled_;                  // memory of a written frame, for the next
  std::size_t waiting_ = 0;               // bytes accepted and not yet durable
  std::uint64_t taken_ = 0;               // the last sequence accepted
  bool has_no_room_ = false;              // the next frame needs a new segment
  bool is_ending_ = false;                // the segment must end before it is full
  bool is_dozing_ = false;                // the committing thread sleeps until a batch comes
  std::vector<JournalSegment> segments_;  // the last is appended to
  std::multimap<std::uint64_t, std::move_only_function<void()>> callbacks_;
  bool is_stopping_ = false;
  std::atomic<std::uint64_t> durable_ = 0;
  SequenceGate written_;

  // Held while writing; locked before mutex_. Only the committing thread changes file_.
  std::mutex write_mutex_;
  File file_;
  std::int64_t file_bytes_ = 0;  // 0: no segment is open
  std::uint64_t last_hash_ = 0;
  Reach reach_;
  LatencyTally syncs_;
  std::thread committing_;
};

SegmentedJournal::SegmentedJournal(const JournalOptions& options, Recovered recovered)
    : options_(options),
      spares_({.folder = options.folder,
               .bytes = options.segment_bytes,
               .next_number = recovered.next_number},
              std::move(recovered.free)),
      taken_(recovered.last_sequence),
      segments_(std::move(recovered.used)),
      durable_(recovered.last_sequence),
      written_(recovered.last_sequence),
      last_hash_(recovered.last_hash),
      reach_{.sequence = recovered.last_sequence} {}

Result<> SegmentedJournal::start() {
  if (!segments_.empty()) {
    const JournalSegment& last = segments_.back();
    file_ = TRY(File::open(last.path, File::Mode::write));
    file_bytes_ = TRY(file_.size());
    reach_.offset = last.bytes;
  }
  // A new journal takes the first one at once, and must then still have a spare.
  const auto prepared = spares_.prepare(segments_.empty() ? 2 : 1);
  // An existing journal can be read on a full disk; a new one is useless there.
  if (!prepared && segments_.empty()) return prepared;
  spares_.start();
  committing_ = std::thread{[this] { commit_until_stopped(); }};
  return {};
}

SegmentedJournal::~SegmentedJournal() {
  if (!committing_.joinable()) return;
  {
    const std::lock_guard lock{mutex_};
    is_stopping_ = true;
  }
  work_.notify_one();
  committing_.join();
  // Without this mark the next start copies the last segment, which is equally correct.
  [[maybe_unused]] const auto marked = mark_stopped(options_, durable(), last_hash_);
}

Result<> SegmentedJournal::admits_locked(std::size_t bytes) const {
  if (bytes > kBatchBytesMax || bytes + kBatchOverheadBytes > segment_room()) {
    return fail(ErrorCode::too_large,
                fmt::format("a batch of {} bytes does not fit into the journal; at most {} do",
                            bytes, std::min(kBatchBytesMax, segment_room() - kBatchOverheadBytes)));
  }
  TRY(spares_.admits());
  // A batch larger than the limit is accepted if nothing else waits.
  if (waiting_ > 0 && waiting_ + bytes + kBatchOverheadBytes > waiting_max()) {
    return fail(
        ErrorCode::overloaded,
        fmt::format("{} bytes wait for the disk already; at most {} may", waiting_, waiting_max()));
  }
  return {};
}

Result<> SegmentedJournal::admits(std::size_t bytes) const {
  const std::lock_guard lock{mutex_};
  return admits_locked(bytes);
}

Result<> SegmentedJournal::append(std::uint64_t sequence, std::string_view batch) {
  bool must_wake = false;
  {
    const std::lock_guard lock{mutex_};
    TRY(admits_locked(batch.size()));
    CHECK(sequence == taken_ + 1);
    if (forming_.empty() || forming_.back().batches == kFrameBatchesMax ||
        forming_.back().bytes.size() + batch.size() > kFrameBytesMax) {
      Forming frame{.bytes = std::exchange(recycled_, {}), .first_sequence = sequence};
      begin_frame(frame.bytes);
      forming_.push_back(std::move(frame));
    }
    Forming& frame = forming_.back();
    add_batch(frame.bytes, batch);
    ++frame.batches;
    frame.counted += batch.size() + kBatchOverheadBytes;
    waiting_ += batch.size() + kBatchOverheadBytes;
    taken_ = sequence;
    must_wake = is_dozing_ || must_hurry();
    is_dozing_ = false;
  }
  if (must_wake) work_.notify_one();
  return {};
}

void SegmentedJournal::when_written(std::uint64_t sequence, std::move_only_function<void()> then) {
  if (written() < sequence) {
    Reach reach;
    bool is_all = false;
    {
      const std::lock_guard lock{write_mutex_};
      is_all = write_formed(reach);
    }
    written_.advance(reach.sequence);
    if (!is_all) work_.notify_one();
  }
  written_.when(sequence, std::move(then));
}

void SegmentedJournal::when_durable(std::uint64_t sequence, std::move_only_function<void()> then) {
  bool is_reached = false;
  {
    const std::lock_guard lock{mutex_};
    is_reached = durable() >= sequence;
    if (!is_reached) {
      callbacks_.emplace(sequence, std::move(then));
    }
  }
  if (is_reached) {
    then();
  } else {
    work_.notify_one();
  }
}

// With mutex_ held: true if the committing thread must not wait for more batches.
bool SegmentedJournal::must_hurry() const {
  const bool is_asked = !callbacks_.empty() && callbacks_.begin()->first <= taken_;
  return is_asked || has_no_room_ || is_ending_ || is_stopping_ || waiting_ > waiting_max() / 2;
}

void SegmentedJournal::commit_until_stopped() {
  for (;;) {
    std::unique_lock lock{mutex_};
    // Under load it checks by itself, and is woken only for batches that a caller waits for.
    const bool is_urgent = work_.wait_for(lock, kSyncWithin, [this] { return must_hurry(); });
    if (taken_ > durable() || is_ending_) {
      lock.unlock();
      commit();
    } else if (is_stopping_) {
      return;
    } else if (!is_urgent) {
      is_dozing_ = true;
      work_.wait(lock, [this] { return is_stopping_ || is_ending_ || taken_ > durable(); });
      is_dozing_ = false;
    }
  }
}

// Writes the formed frames, and makes all written frames durable.
void SegmentedJournal::commit() {
  for (;;) {
    Reach reach;
    bool is_all = false;
    {
      const std::lock_guard lock{write_mutex_};
      is_all = write_formed(reach);
      reach_.unsynced = 0;
    }
    written_.advance(reach.sequence);
    if (file_bytes_ > 0) sync_frames();
    report(reach);
    if (is_all) return;
    begin_segment();
  }
}

void SegmentedJournal::sync_frames() {
  if (options_.clock == nullptr) return or_stop(file_.sync_data());
  const Microseconds begun = options_.clock->steady();
  or_stop(file_.sync_data());
  syncs_.add(options_.clock->steady() - begun);
}

// With write_mutex_ held. False if the next frame needs a new segment.
bool SegmentedJournal::write_formed(Reach& reach) {
  while (auto frame = take_formed()) write(*frame);
  reach = reach_;
  const std::lock_guard lock{mutex_};
  return !has_no_room_;
}

// The oldest frame, if the segment has room for it.
std::optional<Forming> SegmentedJournal::take_formed() {
  const std::lock_guard lock{mutex_};
  if (is_ending_) has_no_room_ = true;
  if (is_ending_ || forming_.empty()) return std::nullopt;
  const auto bytes =
      static_cast<std::int64_t>(forming_.front().bytes.size() + sizeof(std::uint64_t));
  has_no_room_ = reach_.offset + bytes > file_bytes_;
  if (has_no_room_) return std::nullopt;
  Forming frame = std::move(forming_.front());
  forming_.pop_front();
  return frame;
}

void SegmentedJournal::write(Forming& frame) {
  last_hash_ = finish_frame(frame.bytes, {.first_sequence = frame.first_sequence,
                                          .batch_count = frame.batches,
                                          .durable = durable(),
                                          .previous_hash = last_hash_});
  or_stop(file_.write(reach_.offset, frame.bytes));
  reach_.offset += static_cast<std::int64_t>(frame.bytes.size());
  reach_.sequence = frame.first_sequence + frame.batches - 1;
  reach_.unsynced += frame.counted;
  if (frame.bytes.capacity() > kRecycledBytesMax) return;
  const std::lock_guard lock{mutex_};
  recycled_ = std::move(frame.bytes);
}

// The header is synced before a frame follows it, and all frames of the previous segment are on
// disk by then. So a bad frame in a segment with a successor is damage and not a torn tail. No
// other thread writes meanwhile, since the next frame has no room.
void SegmentedJournal::begin_segment() {
  const std::uint64_t number = spares_.take();
  const std::uint64_t first_sequence = reach_.sequence + 1;
  File file = or_stop(File::open(segment_path(options_.folder, number), File::Mode::write));
  const SegmentHeader header{.number = number,
                             .first_sequence = first_sequence,
                             .previous_hash = last_hash_,
                             .bytes = static_cast<std::uint64_t>(options_.segment_bytes)};
  or_stop(file.write(0, encode(header)));
  or_stop(file.sync_data());
  const std::lock_guard writing{write_mutex_};
  file_ = std::move(file);
  file_bytes_ = options_.segment_bytes;
  reach_.offset = kSegmentHeaderBytes;
  const std::lock_guard lock{mutex_};
  has_no_room_ = false;
  is_ending_ = false;
  ended_.notify_all();
  if (!segments_.empty()) segments_.back().is_full = true;
  segments_.push_back({.path = file_.path(),
                       .number = number,
                       .first_sequence = first_sequence,
                       .bytes = reach_.offset});
}

void SegmentedJournal::report(const Reach& reach) {
  std::multimap<std::uint64_t, std::move_only_function<void()>> due;
  {
    const std::lock_guard lock{mutex_};
    if (reach.unsynced > 0) {
      segments_.back().last_sequence = reach.sequence;
      segments_.back().bytes = reach.offset;
    }
    waiting_ -= reach.unsynced;
    durable_.store(reach.sequence, std::memory_order_release);
    while (!callbacks_.empty() && callbacks_.begin()->first <= reach.sequence) {
      due.insert(due.end(), callbacks_.extract(callbacks_.begin()));
    }
  }
  for (auto& [sequence, then] : due) then();
}

std::vector<JournalSegment> SegmentedJournal::segments() const {
  const std::lock_guard lock{mutex_};
  return segments_;
}

// A free segment that exists now still exists when the next one is begun: only the committing
// thread takes one, and by taking it ends this one.
Result<> SegmentedJournal::end_segment() {
  std::uint64_t taken = 0;
  {
    const std::lock_guard lock{mutex_};
    taken = taken_;
  }
  // Shared with the callback, which may still be returning when this function goes on.
  const auto reached = std::make_shared<std::binary_semaphore>(0);
  when_durable(taken, [reached] { reached->release(); });
  reached->acquire();
  // With only one spare, no batch would be accepted until the next is prepared.
  TRY(spares_.admits_soon());
  std::unique_lock lock{mutex_};
  if (segments_.empty() || segments_.back().last_sequence == 0) return {};
  TRY(spares_.admits());
  is_ending_ = true;
  work_.notify_one();
  ended_.wait(lock, [this] { return !is_ending_; });
  return {};
}

Result<> SegmentedJournal::remove_through(std::uint64_t sequence) {
  bool has_removed = false;
  for (;;) {
    std::filesystem::path path;
    {
      const std::lock_guard lock{mutex_};
      const bool is_removable = !segments_.empty() && segments_.front().is_full &&
                                segments_.front().last_sequence <= sequence;
      if (!is_removable) break;
      path = segments_.front().path;
    }
    TRY(remove_file(path));  // oldest first, so that no gap appears
    has_removed = true;
    const std::lock_guard lock{mutex_};
    segments_.erase(segments_.begin());
  }
  if (!has_removed) return {};
  spares_.retry();
  return sync_folder(options_.folder);
}

}  // namespace

Result<std::unique_ptr<Journal>> Journal::open(const JournalOptions& options, std::uint64_t after,
                                               const Visit& replay, const Log& log) {
  if (options.segment_bytes < 2 * static_cast<std::int64_t>(kSegmentHeaderBytes)) {
    return fail(ErrorCode::invalid,
                fmt::format("a journal segment of {} bytes is too small; at least {} are needed",
                            options.segment_bytes, 2 * kSegmentHeaderBytes));
  }
  Recovered recovered = TRY(recover(options, after, replay, log));
  auto journal = std::make_unique<SegmentedJournal>(options, std::move(recovered));
  TRY(journal->start());
  return journal;
}

}  // namespace metergate
