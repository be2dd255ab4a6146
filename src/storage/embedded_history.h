// EmbeddedHistory: the raw events of the embedded engine: of sealed segments in the archive, of
// newer batches in memory. Any thread; move_to_archive() from one.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "storage/archive.h"
#include "storage/event_history.h"
#include "storage/event_tail.h"

namespace metergate {

class EmbeddedHistory final : public EventHistory {
 public:
  explicit EmbeddedHistory(std::unique_ptr<Archive> archive) : archive_(std::move(archive)) {}

  void add(std::uint64_t sequence, const DecidedBatch& batch) override {
    tail_.add(sequence, batch);
  }
  Result<std::unique_ptr<EventCursor>> newest_first(const EventRange& range) const override;
  Result<> for_each(const EventRange& range,
                    const std::function<bool(const ArchivedEvent&)>& visit) const override;
  std::int64_t event_count() const override;
  Result<std::int64_t> remove_before(Timestamp at) override;

  std::uint64_t archived_through() const { return archive_->archived_through(); }
  // The events of the batches first to last, which are in memory, go to a file of the archive.
  Result<> move_to_archive(std::uint64_t first, std::uint64_t last,
                           std::vector<ArchivedEvent> events);

 private:
  std::unique_ptr<Archive> archive_;
  EventTail tail_;
};

}  // namespace metergate
