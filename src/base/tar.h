// Tar: headers of plain files in the format ustar (POSIX.1-1988), which every tar reads. Values; no
// threads.
//
//   archive = entry* 1024 zeros
//   entry   = header:512 bytes content zeros to a multiple of 512
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace metergate {

inline constexpr std::size_t kTarBlockBytes = 512;
inline constexpr std::size_t kTarNameBytesMax = 100;
inline constexpr std::int64_t kTarFileBytesMax = (std::int64_t{1} << 33) - 1;  // 11 octal digits

struct TarEntry {
  std::string name;
  std::int64_t bytes = 0;
};

// ErrorCode::too_large for a name or a size that the format does not hold.
Result<std::string> tar_header(const TarEntry& entry, Timestamp modified_at);
// The entry that a block describes; nothing for the zeros at the end. ErrorCode::corrupt for other
// bytes, and for what is no plain file.
Result<std::optional<TarEntry>> read_tar_header(std::string_view block);
// The number of zeros after a content.
constexpr std::size_t tar_padding(std::int64_t bytes) {
  const auto rest = static_cast<std::size_t>(bytes) % kTarBlockBytes;
  return rest == 0 ? 0 : kTarBlockBytes - rest;
}

}  // namespace metergate
