// BackupSource: reads a backup, folder or tar file, entry after entry. One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/tar.h"

namespace metergate {

class BackupSource {
 public:
  // ErrorCode::invalid if there is nothing, or something else.
  static Result<std::unique_ptr<BackupSource>> open(const std::filesystem::path& path);
  virtual ~BackupSource() = default;

  // The next entry: backup.json first, manifest.json last. Nothing at the end. ErrorCode::corrupt
  // if the backup ends before it is whole.
  virtual Result<std::optional<TarEntry>> next() = 0;
  // The next bytes of the entry; empty at its end. Valid until the next call.
  virtual Result<std::string_view> read() = 0;
  // For progress: the bytes read so far, and their total (0: unknown).
  virtual std::int64_t bytes_read() const = 0;
  virtual std::int64_t bytes_total() const = 0;
};

}  // namespace metergate
