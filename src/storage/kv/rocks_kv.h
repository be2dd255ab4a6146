// RocksDB as the base under the view. Its log is off: what it has not flushed, the journal fills in
// again, and in its one column family what was flushed is always a whole number of writes, in
// order.
#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "storage/kv/kv.h"

namespace metergate {

// Opens or makes the folder. ErrorCode::corrupt where a file is damaged, storage where it cannot be
// written.
Result<std::unique_ptr<KeyValues>> open_rocks_kv(const std::filesystem::path& folder);

}  // namespace metergate
