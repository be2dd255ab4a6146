// EventHistory: the kept raw events, the newest in memory, the others where the engine keeps them.
// Safe from any thread; add() in the order of the sequences.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/result.h"
#include "base/time.h"
#include "storage/archive/archive.h"
#include "storage/shapes/decided.h"

namespace metergate {

class EventHistory {
 public:
  virtual ~EventHistory() = default;
  virtual void add(std::uint64_t sequence, const DecidedBatch& batch,
                   const EncodedEvents& events) = 0;
  // Newest first by occurred_at, then by sequence and index, descending.
  virtual Result<std::unique_ptr<EventCursor>> newest_first(const EventRange& range) const = 0;
  // In no particular order.
  virtual Result<> for_each(const EventRange& range,
                            const std::function<bool(const ArchivedEvent&)>& visit) const = 0;
  // The same for batches after one.
  virtual Result<> for_each_after(std::uint64_t after, const EventRange& range,
                                  const std::function<bool(const ArchivedEvent&)>& visit) const = 0;
  // The number of events in a range with a kind of fact (its index among the kinds).
  virtual Result<std::int64_t> count(const EventRange& range, std::size_t kind) const = 0;
  virtual std::int64_t event_count() const = 0;
  // Removes events from before `at`, as far as that is cheap, in a bounded step; returns their
  // number.
  virtual Result<std::int64_t> remove_before(Timestamp at) = 0;
};

// True if a comes before b in newest_first().
bool is_newer(const ArchivedEvent& a, const ArchivedEvent& b);

}  // namespace metergate
