// Archive files: texts written once, compressed, and proven by reading them back.
//
// A file is written beside its final name, synced, read back whole and compared, then renamed, and
// its folder synced: under the final name there is never less than all of it. A file that is there
// is never written again. For one writer of a folder at a time.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace metergate {

// ErrorCode::storage names the path and what failed; duplicate where the file is there already.
Result<> write_archive_file(const std::filesystem::path& path, std::string_view text);
// Nothing where there is no such file; corrupt where it is damaged, too_large where its text is
// over `size_max`.
Result<std::optional<std::string>> read_archive_file(const std::filesystem::path& path,
                                                     std::size_t size_max);

}  // namespace metergate
