// SharedJournal: the one journal of all nodes. Every slot is taken once and keeps its entry for
// ever, so every node that reads from the first slot on reads the same. Nothing else is asked of a
// database: put where nothing is, and read.
//
// EntrySlot 0 has the head, the later ones entries. Implementations: memory_journal (for tests,
// with faults) and mongo_journal. One thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/crypto.h"
#include "base/result.h"

namespace metergate {

using EntrySlot = std::uint64_t;

// The facts that all nodes of a journal share; written by the first of them.
struct JournalHead {
  std::string zone;  // billing time zone, which cuts days and periods
  HashKey id_key;    // for the hashes of event ids
};

struct JournalEntry {
  EntrySlot slot = 0;
  std::string by;     // the node's name, of this run
  std::string frame;  // journal_frame.h
};

// `unknown`: it may or may not have been put there, and may be later.
enum class Appended : std::uint8_t { won, taken, unknown };

class SharedJournal {
 public:
  virtual ~SharedJournal() = default;

  // The head that is there, after putting this one where none was. ErrorCode::overloaded: the
  // database does not answer; invalid: it cannot be used, and why.
  virtual Result<JournalHead> open(const JournalHead& ours) = 0;
  // The entries after a slot, in order and without a gap, at most kReadMax. Only what no failure of
  // a minority of the database's members can take back. ErrorCode::overloaded: try again; corrupt:
  // something that is no entry, or a newer version's.
  virtual Result<std::vector<JournalEntry>> read_after(EntrySlot slot) = 0;
  virtual Result<std::optional<JournalEntry>> read(EntrySlot slot) = 0;
  // Puts the entry in its slot if nothing is there. ErrorCode::invalid: it never can, and why.
  virtual Result<Appended> append(const JournalEntry& entry) = 0;

  static constexpr std::size_t kReadMax = 64;
};

}  // namespace metergate
