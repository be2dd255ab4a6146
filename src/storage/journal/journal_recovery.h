// Recovery: checks the journal's folder at the start, replays it, and prepares it for appending.
// The rules are in docs/storage-format.md. Runs before other threads start.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "storage/journal/journal.h"

namespace metergate {

struct Recovered {
  std::vector<JournalSegment> used;  // oldest first; the last is appended to
  std::deque<std::uint64_t> free;    // consecutive numbers after those
  std::uint64_t next_number = 1;     // after the free ones
  std::uint64_t last_sequence = 0;
  std::uint64_t last_hash = 0;
};

// Unless the last run ended in order, the content of the last segment is copied and synced, because
// a page that the kernel calls clean after a failed sync may not be on the disk.
Result<Recovered> recover(const JournalOptions& options, std::uint64_t after,
                          const Journal::Visit& replay, const Log& log);

// Records that everything up to here is on disk; the next recover() removes the record.
Result<> mark_stopped(const JournalOptions& options, std::uint64_t last_sequence,
                      std::uint64_t last_hash);

}  // namespace metergate
