// Follower: folds the shared journal's entries, in their order, into a node's own copy, and knows
// where it stands. An entry counts only if it was decided on exactly what is before it; every node
// sees this by the same hash, so an entry is void for all or for none.
//
// One thread at a time.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>

#include "storage/cluster/shared_journal.h"
#include "storage/engine/view_store.h"

namespace metergate {

// A place in the journal, and what has been read up to there.
struct JournalPlace {
  EntrySlot slot = 0;
  std::uint64_t hash = 0;  // of the last entry that counts
  Sequence sequence = 0;   // of its last batch
};

// Forms the entry for the place after `place` from batches as decode_batch() reads them.
JournalEntry make_entry(const JournalPlace& place, std::string by,
                        const std::vector<std::string>& batches);

class Follower {
 public:
  // Called for each batch that was folded, with the name of the node that decided it.
  using Told = std::function<void(const DecidedBatch& batch, const std::string& by)>;
  // `mark`: a file for the place, so that a start need not read from the first slot on; empty:
  // none.
  Follower(SharedJournal& journal, ViewStore& store, std::filesystem::path mark, Told told)
      : journal_(journal), store_(store), mark_(std::move(mark)), told_(std::move(told)) {}

  // Finds the place in the journal at which the node's copy stands. ErrorCode::conflict: the
  // journal is not the one that the copy came from, or has lost entries that the copy has.
  Result<> begin();
  // Reads and folds what there is; true if there may be more. ErrorCode::overloaded: try again;
  // other errors stay.
  Result<bool> step();
  // Folds an entry that is in the journal at the next slot.
  Result<> take(const JournalEntry& entry);
  const JournalPlace& place() const { return place_; }
  std::uint64_t void_entries() const { return void_entries_; }
  // Checks that the last entry folded is still there, as after a connection was lost.
  // ErrorCode::overloaded: not now, as a member of the database that has fallen behind may say;
  // conflict: another is in its place.
  Result<> check_past() { return check_entry(counted_, ErrorCode::overloaded); }
  // Keeps the place in the file, if the node's copy would survive a power cut up to there.
  Result<> keep_mark();

 private:
  Result<> check_entry(const JournalPlace& place, ErrorCode if_missing);

  SharedJournal& journal_;
  ViewStore& store_;
  const std::filesystem::path mark_;
  const Told told_;
  JournalPlace place_;
  JournalPlace counted_;  // the last that is not void
  JournalPlace kept_;     // in the file
  std::atomic<std::uint64_t> void_entries_ = 0;
};

}  // namespace metergate
