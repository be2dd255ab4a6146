// ArchivedHistory: raw events on disk. The newest are in memory until their journal segment is full
// and its batches are in the view; then the segment becomes a file of the archive. Reads merge
// both. Safe from any thread; seal() and remove_before() from one at a time.
#pragma once

#include <deque>
#include <memory>
#include <mutex>

#include "storage/archive/archive.h"
#include "storage/history/event_history.h"
#include "storage/history/event_tail.h"
#include "storage/journal/journal.h"
#include "storage/shapes/store.h"

namespace metergate {

class ArchivedHistory final : public EventHistory {
 public:
  explicit ArchivedHistory(std::unique_ptr<Archive> archive) : archive_(std::move(archive)) {}

  void add(std::uint64_t sequence, const DecidedBatch& batch, const EncodedEvents& events) override;
  Result<std::unique_ptr<EventCursor>> newest_first(const EventRange& range) const override;
  Result<> for_each(const EventRange& range,
                    const std::function<bool(const ArchivedEvent&)>& visit) const override;
  Result<> for_each_after(std::uint64_t after, const EventRange& range,
                          const std::function<bool(const ArchivedEvent&)>& visit) const override;
  Result<std::int64_t> count(const EventRange& range, std::size_t kind) const override;
  std::int64_t event_count() const override;
  std::int64_t archive_bytes() const { return archive_->bytes(); }
  Result<std::int64_t> remove_before(Timestamp at) override;

  std::uint64_t archived_through() const { return archive_->archived_through(); }
  // Adds one full segment to the archive, unless it is there.
  Result<> seal(const JournalSegment& segment);

  // True if the journal may have a batch decided before `sealed_before`, or one that counts or
  // voids an event from before `events_before`. In doubt true.
  bool may_have_older(const RetentionCut& cut) const;
  // Called before the current segment is ended for that reason: later batches form a part of their
  // own.
  void begin_part();

 private:
  // Batches not in the archive, from one up to the next part.
  struct Part {
    std::uint64_t first_sequence = 0;
    Timestamp oldest_batch = Timestamp::max();
    Timestamp oldest_event = Timestamp::max();
  };
  void note(std::uint64_t sequence, const DecidedBatch& batch);

  std::unique_ptr<Archive> archive_;
  EventTail tail_;
  mutable std::mutex mutex_;
  std::deque<Part> parts_;  // at most kPartsMax
  std::uint64_t last_sequence_ = 0;
};

}  // namespace metergate
