// A shared journal in memory, for tests of several stores in one process: each has a link to it,
// and each link can fail as one to a database does.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <random>

#include "storage/cluster/shared_journal.h"

namespace metergate {

// Shares of the requests, in thousandths. Safe from any thread.
struct LinkFaults {
  std::uint32_t seed = 1;
  int refused = 0;      // reads and appends that never arrive
  int unanswered = 0;   // appends that are applied, and whose answer is lost
  int late = 0;         // appends that seem lost and are applied some requests later
  int behind = 0;       // reads that do not see the newest entry yet
  int late_by_max = 8;  // requests of all links
};

class MemoryDatabase {
 public:
  // A link for one store, which the database outlives.
  std::unique_ptr<SharedJournal> link(const LinkFaults& faults = {});
  // While it is away, every request of every link is refused.
  void set_away(bool is_away);
  // Forgets entries after a slot, as a database that is set back to an older copy.
  void forget_after(EntrySlot slot);
  // Puts an entry where nothing is, whatever it holds.
  void put(JournalEntry entry);
  EntrySlot last_slot() const;
  std::vector<JournalEntry> entries() const;

 private:
  friend class MemoryLink;
  struct Late {
    JournalEntry entry;
    std::uint64_t at = 0;  // the request with which it is applied
  };
  void count_request();

  mutable std::mutex mutex_;
  std::optional<JournalHead> head_;
  std::map<EntrySlot, JournalEntry> entries_;
  std::vector<Late> late_;
  std::uint64_t requests_ = 0;
  bool is_away_ = false;
};

}  // namespace metergate
