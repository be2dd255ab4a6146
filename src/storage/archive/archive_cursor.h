// The newest-first cursor: a merge over the files of the archive. One thread.
//
// Each file delivers its events in steps: it searches the keys of relevant blocks for the next
// newest events of the range, and decodes only the blocks that hold them. A file is first read when
// the others have no newer event left, so memory is bounded: at most 4,096 events and their keys
// for each file whose times overlap the cursor's position.
#pragma once

#include <memory>
#include <vector>

#include "storage/archive/archive.h"
#include "storage/archive/archive_file.h"

namespace metergate {

std::unique_ptr<EventCursor> make_newest_first(
    const std::vector<std::shared_ptr<ArchiveFile>>& files, const EventRange& range);

}  // namespace metergate
