// Makes the store that the configuration names. Only app and tests include this.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

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

// True if a process holds the folder now.
bool is_folder_in_use(const std::filesystem::path& folder);

}  // namespace metergate
