// Reads a whole backup and holds every file of it against the manifest; puts the data folder down
// where asked.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "app/backup_format.h"
#include "app/backup_source.h"
#include "base/result.h"

namespace metergate {

struct BackupReading {
  BackupSource& source;
  std::string name;                             // for messages
  std::optional<std::filesystem::path> folder;  // an empty one; nothing: only read
  std::function<void(std::int64_t files)> show;
};

struct BackupContents {
  BackupAbout about;
  BackupManifest manifest;
  std::int64_t bytes = 0;
};

// ErrorCode::corrupt if the backup is not whole or a byte differs; invalid for a newer format;
// storage if it cannot be put down.
Result<BackupContents> read_backup(const BackupReading& reading);
// Reads the files of a folder back from the disk. ErrorCode::storage if one differs.
Result<> read_back(const std::filesystem::path& folder, const BackupManifest& manifest);

}  // namespace metergate
