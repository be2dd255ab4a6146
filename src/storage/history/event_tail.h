// EventTail: the newest raw events, encoded in memory: those of journal segments that are not in
// the archive yet, or all events for the store without a disk. Safe from any thread.
//
// The bytes are in chunks that are only appended to, so a cursor reads without a lock what was
// there when it was made.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "storage/archive/packed_events.h"
#include "storage/bytes/text_hash.h"
#include "storage/history/event_history.h"

namespace metergate {

class EventTail final : public EventHistory {
 public:
  void add(std::uint64_t sequence, const DecidedBatch& batch, const EncodedEvents& events) override;
  Result<std::unique_ptr<EventCursor>> newest_first(const EventRange& range) const override;
  Result<> for_each(const EventRange& range,
                    const std::function<bool(const ArchivedEvent&)>& visit) const override;
  Result<std::int64_t> count(const EventRange& range, std::size_t kind) const override;
  std::int64_t event_count() const override;
  Result<std::int64_t> remove_before(Timestamp at) override;

  // As above, for batches after `after` only.
  Result<std::unique_ptr<EventCursor>> newest_first_after(std::uint64_t after,
                                                          const EventRange& range) const;
  Result<> for_each_after(std::uint64_t after, const EventRange& range,
                          const std::function<bool(const ArchivedEvent&)>& visit) const override;
  std::int64_t count_after(std::uint64_t after) const;
  Result<std::int64_t> count_after(std::uint64_t after, const EventRange& range,
                                   std::size_t kind) const;
  // Drops the batches up to `through`.
  void drop_through(std::uint64_t through);

  // The events of the batches `first` to `last`, for the archive.
  PackedEvents pack(std::uint64_t first, std::uint64_t last) const;

 private:
  std::vector<PackedEvent> select(std::uint64_t after, const EventRange& range) const;
  std::uint32_t number_of(const std::string& tenant);

  mutable std::mutex mutex_;
  std::deque<PackedEvent> entries_;  // by sequence and index
  std::shared_ptr<EventChunk> chunk_;
  Timestamp newest_ = Timestamp::min();  // of any event so far
  std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>> tenants_;
};

}  // namespace metergate
