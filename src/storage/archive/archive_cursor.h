// The newest-first cursor: a merge over the files of the archive. Used by one thread.
//
// Each file gives its events in steps: the keys of the blocks that can matter are searched for the
// next newest events of the range, and only the blocks that hold those are decoded. A file is first
// looked into when no younger event is left elsewhere, so what is in memory is bounded: for each
// file whose times overlap the place that the cursor has come to, at most 4,096 events and their
// keys.
#pragma once

#include <memory>
#include <vector>

#include "storage/archive/archive.h"
#include "storage/archive/archive_file.h"

namespace metergate {

std::unique_ptr<EventCursor> make_newest_first(
    const std::vector<std::shared_ptr<ArchiveFile>>& files, const EventRange& range);

}  // namespace metergate
