// Which fields the documents of a collection can have, so that a misspelt one is told of instead of
// finding nothing. Functions; any thread.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "storage/shapes/query.h"
#include "storage/shapes/store.h"

namespace metergate {

// The fields, of dotted ones the first part, that are known for a collection. Documents may have
// others still: what a later version writes.
std::vector<std::string_view> known_fields(Collection collection);

// ErrorCode::invalid where the filter or the sort names a field that is not known and that no
// document there has, with the nearest one.
Result<> check_fields(const Store& store, const Query& query);

}  // namespace metergate
