// Archive files: texts that are written once, compressed, and verified by reading them back.
//
// A file is written beside its final name, synced, read back completely and compared, then renamed,
// and its folder is synced, so the final name never has a partial file. An existing file is never
// overwritten. One writer for a folder at a time.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace metergate {

// ErrorCode::storage names the path and the failure; duplicate if the file exists.
Result<> write_archive_file(const std::filesystem::path& path, std::string_view text);
// Nothing if the file does not exist; corrupt if it is damaged, too_large if its text is over
// `size_max`.
Result<std::optional<std::string>> read_archive_file(const std::filesystem::path& path,
                                                     std::size_t size_max);

}  // namespace metergate
