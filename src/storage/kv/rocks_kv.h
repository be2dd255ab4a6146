// RocksDB as the base of the view. Its log is off: the journal replays writes that were not
// flushed, and in its one column family the flushed writes are always a prefix of all writes.
#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "storage/kv/kv.h"

namespace metergate {

// Opens or creates the folder. ErrorCode::corrupt if a file is damaged, storage if it cannot be
// written.
Result<std::unique_ptr<KeyValues>> open_rocks_kv(const std::filesystem::path& folder);

}  // namespace metergate
