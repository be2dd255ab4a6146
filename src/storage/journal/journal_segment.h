// Segment files: preparing a free one, and reading one with every check that needs no other
// segment. journal_recovery.h puts them together. Plain functions; safe from any thread.
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
  unstarted  // the writing of its header was cut off; nothing else is in it
};

struct SegmentScan {
  SegmentState state = SegmentState::free;
  JournalSegment info;
  SegmentHeader header;
  std::uint64_t last_hash = 0;
  bool is_torn = false;  // a bad frame begins at info.bytes, and no good one follows it
};

std::filesystem::path segment_path(const std::filesystem::path& folder, std::uint64_t number);
// The number in a segment's file name; nothing for another name.
std::optional<std::uint64_t> segment_number(std::string_view name);

// A segment's file in memory, in two steps, so that the header can be held against the segment
// before until any batch is shown. Each answers ErrorCode::corrupt, with file and offset, for
// damage that is no torn tail.
struct SegmentContents {
  Bytes bytes;
  SegmentScan scan;
};
Result<SegmentContents> load_segment(const std::filesystem::path& path);
// Of a used segment: calls `visit` for each batch above `after`, and completes the scan.
Result<> read_frames(SegmentContents& segment, std::uint64_t after, const VisitBatch& visit);

// Makes a free segment: room reserved, filled with zeros, synced, then given its name. Nothing is
// left behind where it fails, or where `stop` becomes true, which is no error: false.
Result<bool> prepare_segment(const std::filesystem::path& path, std::int64_t bytes,
                             const std::atomic<bool>& stop);

// A corrupt Error that says where, and what to do.
std::unexpected<Error> damaged(const std::filesystem::path& path, std::int64_t offset,
                               std::string_view what);

}  // namespace metergate
