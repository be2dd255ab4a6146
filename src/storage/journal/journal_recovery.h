// Recovery: what is found in the journal's folder at the start is checked as a whole, replayed, and
// made ready to be appended to. The rules are docs/storage-format.md. Runs before any thread.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "storage/journal/journal.h"

namespace metergate {

struct Recovered {
  std::vector<JournalSegment> used;  // oldest first; the last is the one to append to
  std::deque<std::uint64_t> free;    // numbers, one after another behind those
  std::uint64_t next_number = 1;     // behind the free ones
  std::uint64_t last_sequence = 0;
  std::uint64_t last_hash = 0;
};

// Where the last run was not stopped in order, what the last segment holds is copied and synced:
// a page that the kernel calls clean after a failed sync may not be on the disk.
Result<Recovered> recover(const JournalOptions& options, std::uint64_t after,
                          const Journal::Visit& replay, const Log& log);

// Leaves word that everything up to here is on disk; the next recover() takes it away.
Result<> mark_stopped(const JournalOptions& options, std::uint64_t last_sequence,
                      std::uint64_t last_hash);

}  // namespace metergate
