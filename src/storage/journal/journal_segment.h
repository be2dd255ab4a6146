// Segment files: prepares free ones, and reads one with every check that needs no other segment.
// journal_recovery.h combines them. Plain functions; safe from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "storage/bytes/files.h"
#include "storage/journal/journal.h"
#include "storage/journal/journal_frame.h"

namespace metergate {

enum class SegmentState : std::uint8_t {
  used,
  free,      // zeros only
  unstarted  // the writing of its header was interrupted; it has nothing else
};

struct SegmentScan {
  SegmentState state = SegmentState::free;
  JournalSegment info;
  SegmentHeader header;
  std::uint64_t last_hash = 0;
  bool is_torn = false;  // a bad frame begins at info.bytes, with no good one after it
};

std::filesystem::path segment_path(const std::filesystem::path& folder, std::uint64_t number);
// The number in a segment's file name; nothing for another name.
std::optional<std::uint64_t> segment_number(std::string_view name);

// Reads a segment's file in two steps, so that the header can be compared with the previous segment
// before any batch is visited. Each returns ErrorCode::corrupt, with file and offset, for damage
// other than a torn tail.
struct SegmentContents {
  Bytes bytes;
  SegmentScan scan;
};
Result<SegmentContents> load_segment(const std::filesystem::path& path);
// For a used segment: calls `visit` for each batch above `after`, and completes the scan.
Result<> read_frames(SegmentContents& segment, std::uint64_t after, const VisitBatch& visit);

// Makes a free segment: reserves its space, fills it with zeros, syncs it and gives it its name.
// After a failure no file remains. If `stop` becomes true, returns false, without a file.
Result<bool> prepare_segment(const std::filesystem::path& path, std::int64_t bytes,
                             const std::atomic<bool>& stop);

// An ErrorCode::corrupt that names the place and the remedy.
std::unexpected<Error> damaged(const std::filesystem::path& path, std::int64_t offset,
                               std::string_view what);

}  // namespace metergate
