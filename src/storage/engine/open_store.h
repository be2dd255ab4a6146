// Makes the store that the configuration names. Only app and tests include this.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/crypto.h"
#include "base/log.h"
#include "base/result.h"
#include "base/time.h"
#include "storage/shapes/store.h"

namespace metergate {

struct EmbeddedOptions {
  std::filesystem::path folder;
  TimeZone zone = TimeZone::utc();          // billing time zone, which cuts days and periods
  StorageFormula formula;                   // for the documents of usage_counters
  std::int64_t segment_bytes = 16LL << 20;  // of the journal; two are preallocated ahead
  std::int64_t waiting_bytes_max =
      16LL << 20;  // changes applied but not yet durable; beyond it apply() is overloaded
  Milliseconds checkpoint_every{5000};
  // The key of the shared journal that the folder follows; nothing: its journal is its own.
  std::optional<HashKey> shared_id_key{};
};

class ViewStore;

// Opens or creates the folder, replays the journal, starts the committing thread. Errors name the
// path and the remedy: storage (cannot be created, read-only, no space), conflict (another process
// holds it: see is_folder_in_use), corrupt (a damaged file, with its offset; a newer format),
// invalid (created with another time zone, or for the other engine).
Result<std::unique_ptr<Store>> open_embedded_store(const EmbeddedOptions& options,
                                                   const Clock& clock, const Log& log);

// The same, for an engine that settles the order of the batches.
Result<std::unique_ptr<ViewStore>> open_embedded_view_store(const EmbeddedOptions& options,
                                                            const Clock& clock, const Log& log);
// Where a restore puts everything until it is whole; a data folder that has it cannot be opened.
inline constexpr std::string_view kUnfinishedRestore = "restore.new";

// Holds an existing folder as its store would, until the returned descriptor is closed. Errors as
// open_embedded_store().
Result<int> hold_folder(const std::filesystem::path& folder);

// True if a process holds the folder now.
bool is_folder_in_use(const std::filesystem::path& folder);

// A copy of the data folder as it was at one moment, itself a data folder.
struct StoreSnapshot {
  std::filesystem::path folder;
  Sequence sequence = 0;  // the last that is in it
  AuditHead audit_head;   // is in its audit trail, which may go on
};

// Copies the data folder into its own folder `snapshot`, in place of an earlier copy, while
// everything goes on. Has every batch that was durable before the call. Files that never change are
// linked, so it takes the space of one journal segment. ErrorCode::conflict for a store that has no
// folder.
Result<StoreSnapshot> take_snapshot(Store& store);

// The right to a folder's snapshot, for one backup at a time; when it ends, the snapshot is
// removed.
class SnapshotLock {
 public:
  // ErrorCode::conflict if another backup has it.
  static Result<SnapshotLock> take(const std::filesystem::path& data_folder);
  SnapshotLock(SnapshotLock&& other) noexcept;
  SnapshotLock& operator=(SnapshotLock&&) = delete;
  ~SnapshotLock();

 private:
  SnapshotLock(std::filesystem::path data_folder, int lock)
      : data_folder_(std::move(data_folder)), lock_(lock) {}
  std::filesystem::path data_folder_;
  int lock_;
};

}  // namespace metergate
