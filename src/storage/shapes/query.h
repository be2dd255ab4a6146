// Queries over documents: a filter with the operators of MongoDB's query language, a sort, a page.
//
// Every engine answers the same Query; the embedded one by an index if the filter names its first
// fields, otherwise by a scan. Fields of nested documents are named with dots ("metadata.plan").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "storage/shapes/collections.h"

namespace metergate {

enum class FilterOperator : std::uint8_t {
  equal,
  not_equal,
  greater,
  greater_or_equal,
  less,
  less_or_equal,
  in,
  not_in,
  exists,
  all_of,
  any_of,
  none_of
};

struct Filter {
  FilterOperator op = FilterOperator::all_of;
  std::string field;  // for a comparison
  Json value;         // for a comparison; an array for in and not_in; a boolean for exists
  std::vector<Filter>
      children;  // for all_of, any_of, none_of; all_of without children matches everything

  static Filter equal(std::string field, Json value);
  static Filter compare(std::string field, FilterOperator op, Json value);
  static Filter all(std::vector<Filter> children);
  static Filter any(std::vector<Filter> children);

  bool matches(const Json& document) const;
};

// Reads a MongoDB filter document: equality, $eq $ne $gt $gte $lt $lte $in $nin $exists $and $or
// $not. ErrorCode::invalid names an operator that is unknown or has an operand of the wrong kind.
Result<Filter> parse_filter(const Json& document);

struct SortField {
  std::string field;
  bool descending = false;
};

// Reads {"period": -1, "tenant_id": 1}; ErrorCode::invalid for values other than 1 and -1.
Result<std::vector<SortField>> parse_sort(const Json& document);

struct Query {
  Collection collection = Collection::tenants;
  Filter filter;
  std::vector<SortField> sort;  // empty: the natural order, always the same
  std::int64_t skip = 0;
  std::int64_t limit = -1;  // negative: all
};

// The member at a dotted path, or nullptr.
const Json* member_at(const Json& document, std::string_view dotted_path);

}  // namespace metergate
