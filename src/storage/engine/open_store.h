// Makes the store that the configuration names. Only app and tests include this.
#pragma once

#include <filesystem>
#include <memory>

#include "base/log.h"
#include "base/result.h"
#include "base/time.h"
#include "storage/shapes/store.h"

namespace metergate {

struct EmbeddedOptions {
  std::filesystem::path folder;
  TimeZone zone = TimeZone::utc();          // the billing time zone: days and periods are cut by it
  StorageFormula formula;                   // for the documents of usage_counters
  std::int64_t segment_bytes = 16LL << 20;  // of the journal; two are preallocated ahead
  std::int64_t waiting_bytes_max =
      16LL << 20;  // applied, not yet durable: beyond it apply() answers overloaded
  Milliseconds checkpoint_every{5000};
};

// Opens or makes the folder, replays the journal, starts the committing thread. Errors, each naming
// the path and what to do: storage (cannot be made, read-only, no room), conflict (another process
// has it: see is_folder_in_use), corrupt (a damaged file, with its offset; a newer format), invalid
// (made with another time zone).
Result<std::unique_ptr<Store>> open_embedded_store(const EmbeddedOptions& options,
                                                   const Clock& clock, const Log& log);

// Whether a process holds the folder now.
bool is_folder_in_use(const std::filesystem::path& folder);

}  // namespace metergate
