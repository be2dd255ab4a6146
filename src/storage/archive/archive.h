// The archive: the raw events of sealed journal segments, compressed, sorted by tenant and time.
//
// One file for each sealed segment: blocks of at most 64 KiB before compression (zstd), each with
// its checksum, and an index at the end with each block's first and last (tenant, time) and
// position. A file is written beside its final name, synced, read back completely, then renamed; so
// is a file that retention rewrites without expired events. Damage is ErrorCode::corrupt with file
// and offset, never skipped. Threads: a file never changes once it has its name; one thread calls
// add() and remove_before(), any thread reads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "domain/usage_event.h"

namespace metergate {

struct ArchivedEvent {
  std::uint64_t sequence = 0;  // of its batch
  std::uint32_t index = 0;     // within its batch
  UsageEvent event;
};

struct EventRange {
  std::optional<TenantId> tenant;  // nothing: all tenants
  Window window;                   // of occurred_at
};

// Returns events one after another; nothing at the end.
class EventCursor {
 public:
  virtual ~EventCursor() = default;
  virtual Result<std::optional<ArchivedEvent>> next() = 0;
};

class PackedEvents;

class Archive {
 public:
  // Opens the folder's files (reads their indexes); removes left-overs of an interrupted add().
  static Result<std::unique_ptr<Archive>> open(const std::filesystem::path& folder);
  virtual ~Archive() = default;

  // Writes one file for the batches first…last; does nothing if the file exists. ErrorCode::invalid
  // if they are not after archived_through().
  virtual Result<> add(std::uint64_t first_sequence, std::uint64_t last_sequence,
                       PackedEvents events) = 0;
  // The last batch whose events are in the archive.
  virtual std::uint64_t archived_through() const = 0;
  // Newest first by occurred_at (then by sequence and index, descending), decoding only the blocks
  // that are needed.
  virtual Result<std::unique_ptr<EventCursor>> newest_first(const EventRange& range) const = 0;
  // In stored order, file after file, for recounting and export.
  virtual Result<> for_each(const EventRange& range,
                            const std::function<bool(const ArchivedEvent&)>& visit) const = 0;
  // Selects events by kind of fact (its index among the kinds) and by batches up to `through`, for
  // counting.
  struct Counted {
    std::size_t kind = 0;
    std::uint64_t through = 0;
  };
  virtual Result<std::int64_t> count(const EventRange& range, const Counted& counted) const = 0;
  virtual std::int64_t event_count() const = 0;
  // The size of its files.
  virtual std::int64_t bytes() const = 0;
  // Removes the events that occurred before `at` from at most that many files: a file without
  // others is removed, one with others is rewritten without them. Returns the number of events
  // removed; 0 at the end. The newest file is emptied instead, so that archived_through() never
  // goes back.
  virtual Result<std::int64_t> remove_before(Timestamp at, std::size_t files_max) = 0;
};

}  // namespace metergate
