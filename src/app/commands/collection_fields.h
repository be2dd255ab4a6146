// The fields of each collection's documents, so that a misspelt field is reported instead of
// finding nothing. Plain functions; safe from any thread.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "storage/shapes/query.h"
#include "storage/shapes/store.h"

namespace metergate {

// The known fields of a collection; of dotted ones the first part. Documents may have others,
// written by a later version.
std::vector<std::string_view> known_fields(Collection collection);

// ErrorCode::invalid, with the nearest field, if the filter or the sort names a field that is
// unknown and that no document has.
Result<> check_fields(const Store& store, const Query& query);

}  // namespace metergate
