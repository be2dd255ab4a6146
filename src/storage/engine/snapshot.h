// Snapshot: the parts of a data folder's copy for a backup. Lies in the folder itself, so that
// files which never change are linked and cost nothing.
//
// A backup holds the lock (SnapshotLock) from before the snapshot is taken until it has removed it.
// A snapshot that nobody holds is left over from a killed backup; it is removed at the next start,
// by the daily cleanup, and by the next backup.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/result.h"
#include "storage/journal/journal.h"

namespace metergate {

std::filesystem::path snapshot_folder(const std::filesystem::path& data_folder);

// Makes the snapshot's folder anew, with the file FORMAT.
Result<> begin_snapshot(const std::filesystem::path& data_folder);
// Links each complete file of a folder; one that is missing has none.
Result<> link_files(const std::filesystem::path& from, const std::filesystem::path& to);
// Links the full segments and copies the used part of the last. Returns the last sequence.
Result<std::uint64_t> copy_journal(const std::vector<JournalSegment>& segments,
                                   const std::filesystem::path& to);
// Does nothing if a backup holds it.
void remove_abandoned_snapshot(const std::filesystem::path& data_folder);

}  // namespace metergate
