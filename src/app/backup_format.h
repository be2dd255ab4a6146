// The format of a backup: a folder, or a tar file of the same files under metergate-backup/.
//
//   backup.json     first: when it was taken, of what, and by which version
//   data/…          the data folder
//   manifest.json   last: size and SHA-256 of each file before it; a backup without it is not whole
//
// A newer format has another number in backup.json. Values; no threads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace metergate {

inline constexpr std::int64_t kBackupFormat = 1;
inline constexpr std::string_view kBackupRoot = "metergate-backup/";
inline constexpr std::string_view kBackupAbout = "backup.json";
inline constexpr std::string_view kBackupData = "data/";
inline constexpr std::string_view kBackupManifest = "manifest.json";
inline constexpr std::int64_t kBackupTextBytesMax = 64 << 20;  // of either JSON file
inline constexpr std::size_t kBackupPieceBytes = 256 * 1024;   // read at once

struct BackupAbout {
  std::string version;  // of the program that made it
  Timestamp taken_at{};
  // Settings that belong to the data.
  std::string time_zone;
  std::string currency;
  std::int64_t sequence = 0;  // the last change in it
  std::string audit_head;     // HASH@N, is in its audit trail; empty: there is none yet
};

struct BackupFile {
  std::string path;  // below data/
  std::int64_t bytes = 0;
  std::string sha256;  // hexadecimal
};

struct BackupManifest {
  std::string about_sha256;
  std::vector<BackupFile> files;  // by path
};

std::string about_text(const BackupAbout& about);
std::string manifest_text(const BackupManifest& manifest);
// `backup` is for messages. ErrorCode::corrupt for a damaged text, ErrorCode::invalid for a newer
// format.
Result<BackupAbout> read_about(std::string_view text, std::string_view backup);
Result<BackupManifest> read_manifest(std::string_view text, std::string_view backup);
// True for a path that cannot lead out of the folder it is put into.
bool is_backup_path(std::string_view path);

}  // namespace metergate
