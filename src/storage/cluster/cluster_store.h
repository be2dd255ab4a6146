// ClusterStore: one node's Store over a journal that it shares with others. Reads are answered from
// the node's own copy; apply() returns when its batch has its place in the shared journal, with the
// outcomes that it has there.
//
// A thread follows the journal and decides what waits: always on exactly the state that its entry
// goes on from. If another node's entry comes first, it decides anew. While the fate of an entry is
// unknown, only the same bytes are sent again. So durable() equals head().
//
// Members as in store.h, from any thread. What only concerns the node's own copy (checkpoint,
// retire, take_touched) stays there.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "storage/cluster/shared_journal.h"
#include "storage/engine/forwarding_store.h"
#include "storage/engine/view_store.h"

namespace metergate {

struct ClusterOptions {
  std::string name;            // of the node in this run; no other run has it
  std::filesystem::path mark;  // see follower.h; empty: none
  Milliseconds poll_min{5};    // between looks at the journal, when it changes
  Milliseconds poll_max{100};  // and when it does not
  // The time after which apply() no longer waits for the journal.
  Milliseconds answer_within{2000};
};

struct ClusterFigures {
  EntrySlot slot = 0;
  std::uint64_t entries_won = 0;
  std::uint64_t entries_lost = 0;  // another node's came first
  std::uint64_t entries_void = 0;
  std::uint64_t outcomes_unknown = 0;  // of appends, at first
  Milliseconds behind{0};              // the time since the journal was last read to its end
  std::string fault;                   // empty: none; otherwise the node has stopped following
};

class ClusterStore : public ForwardingStore {
 public:
  using DocumentName = std::pair<Collection, DocumentKey>;
  // Told what other nodes have written or removed, from a thread of its own; may read the store.
  using Listener = std::function<void(const std::vector<DocumentName>& changed)>;
  // Set once; an empty one ends this, and returns when the last call has.
  virtual void on_documents_changed(Listener listener) = 0;
  virtual ClusterFigures cluster_figures() const = 0;
};

// Reads the journal to its end, then starts the thread. The journal has been opened. Errors as
// Follower::begin().
Result<std::unique_ptr<ClusterStore>> open_cluster_store(std::unique_ptr<SharedJournal> journal,
                                                         std::unique_ptr<ViewStore> copy,
                                                         const ClusterOptions& options,
                                                         const Clock& clock, const Log& log);

}  // namespace metergate
