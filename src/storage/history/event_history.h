// EventHistory: the raw events that are kept, the newest of them in memory, the others where the
// engine keeps them. Any thread; add() in the order of the sequences.
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
  // Newest first by occurred_at, then by sequence and index, falling.
  virtual Result<std::unique_ptr<EventCursor>> newest_first(const EventRange& range) const = 0;
  // In no promised order.
  virtual Result<> for_each(const EventRange& range,
                            const std::function<bool(const ArchivedEvent&)>& visit) const = 0;
  // The same of the batches after one.
  virtual Result<> for_each_after(std::uint64_t after, const EventRange& range,
                                  const std::function<bool(const ArchivedEvent&)>& visit) const = 0;
  // How many of a range are of a kind of fact, by its place among them.
  virtual Result<std::int64_t> count(const EventRange& range, std::size_t kind) const = 0;
  virtual std::int64_t event_count() const = 0;
  // Removes events from before `at`, as far as that is cheap, in a bounded step; answers how many
  // went.
  virtual Result<std::int64_t> remove_before(Timestamp at) = 0;
};

// Whether a comes before b in newest_first().
bool is_newer(const ArchivedEvent& a, const ArchivedEvent& b);

}  // namespace metergate
