// ArchivedHistory: raw events on disk. The newest are in memory until the journal segment that
// holds them is full and its batches are in the view; then the segment becomes a file of the
// archive. Reads merge both. Any thread; seal() and remove_before() from one at a time.
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
  Result<std::int64_t> remove_before(Timestamp at) override;

  std::uint64_t archived_through() const { return archive_->archived_through(); }
  // Puts one full segment into the archive, unless it is there.
  Result<> seal(const JournalSegment& segment);

  // Whether the journal may have a batch that was decided before `sealed_before`, or one with an
  // event, counted in or out, from before `events_before`. Errs towards yes.
  bool may_have_older(const RetentionCut& cut) const;
  // To be called before the segment that is appended to is ended because of that: what comes from
  // here on is looked at by itself.
  void begin_part();

 private:
  // Of batches that the archive does not have: from one on, up to the next part.
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
