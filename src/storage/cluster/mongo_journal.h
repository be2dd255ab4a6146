// The shared journal in MongoDB: the collection `journal`, one document an entry, and nothing asked
// of the database but inserts of a free _id and reads of what a majority has.
//
//   {_id: 0, v: 1, zone, id_key}                                         the head
//   {_id: slot, v: 1, by, first, batches, at, bytes, frame}              an entry
//
// `frame` is the entry's frame, compressed with zstd; `bytes` is its size before. `first` (the
// sequence of its first batch), `batches` and `at` are for people. Numbers are Int64, but `v`.
#pragma once

#include <memory>
#include <string>

#include "base/log.h"
#include "base/time.h"
#include "storage/cluster/shared_journal.h"

namespace metergate {

// Loads the driver and reads the URI; nothing is asked of the database before open(). Its journal's
// database is the URI's, or metergate. ErrorCode::invalid: the URI, or there is no driver.
Result<std::unique_ptr<SharedJournal>> make_mongo_journal(const std::string& uri,
                                                          const Clock& clock, const Log& log);

}  // namespace metergate
