// Reads MongoDB's filter and sort documents into ours; see query.h.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <optional>

#include "base/nearest.h"
#include "storage/shapes/query.h"

namespace metergate {
namespace {

constexpr std::array<std::string_view, 12> kKnown = {
    "$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$exists", "$and", "$or", "$not"};

struct OperatorRow {
  std::string_view name;
  FilterOperator op;
};

constexpr std::array kComparisons = {OperatorRow{"$eq", FilterOperator::equal},
                                     OperatorRow{"$ne", FilterOperator::not_equal},
                                     OperatorRow{"$gt", FilterOperator::greater},
                                     OperatorRow{"$gte", FilterOperator::greater_or_equal},
                                     OperatorRow{"$lt", FilterOperator::less},
                                     OperatorRow{"$lte", FilterOperator::less_or_equal},
                                     OperatorRow{"$in", FilterOperator::in},
                                     OperatorRow{"$nin", FilterOperator::not_in},
                                     OperatorRow{"$exists", FilterOperator::exists}};

std::unexpected<Error> unknown(std::string_view name) {
  return fail(ErrorCode::invalid,
              fmt::format("the filter operator '{}' is not known; there are {}{}", name,
                          fmt::join(kKnown, " "), did_you_mean(name, kKnown)));
}

std::unexpected<Error> wrong_operand(std::string_view name, std::string_view allowed) {
  return fail(ErrorCode::invalid, fmt::format("'{}' takes {}", name, allowed));
}

bool is_operator_document(const Json& value) {
  return value.is_object() && !value.as_object().empty() &&
         value.as_object().front().first.starts_with('$');
}

Result<Filter> parse_operators(const std::string& field, const Json& operators);

Result<Filter> parse_operator(const std::string& field, const Json::Member& member) {
  const auto& [name, operand] = member;
  if (name == "$not") {
    if (!is_operator_document(operand))
      return wrong_operand(name, "an object of operators, such as {\"$gt\": 5}");
    return Filter{FilterOperator::none_of, {}, {}, {TRY(parse_operators(field, operand))}};
  }
  for (const OperatorRow& row : kComparisons) {
    if (row.name != name) continue;
    const bool is_list = row.op == FilterOperator::in || row.op == FilterOperator::not_in;
    if (is_list && !operand.is_array()) return wrong_operand(name, "an array of values");
    if (row.op != FilterOperator::exists) return Filter::compare(field, row.op, operand);
    // MongoDB accepts 1 and 0 as true and false.
    if (operand.kind() == Json::Kind::integer)
      return Filter::compare(field, row.op, operand.as_integer() != 0);
    if (operand.kind() != Json::Kind::boolean) return wrong_operand(name, "true or false");
    return Filter::compare(field, row.op, operand);
  }
  return unknown(name);
}

Result<Filter> parse_operators(const std::string& field, const Json& operators) {
  std::vector<Filter> parts;
  for (const Json::Member& member : operators.as_object())
    parts.push_back(TRY(parse_operator(field, member)));
  if (parts.size() == 1) return std::move(parts.front());
  return Filter::all(std::move(parts));
}

Result<std::vector<Filter>> parse_list(const std::string& name, const Json& list) {
  if (!list.is_array() || list.as_array().empty())
    return wrong_operand(name, "an array of at least one filter");
  std::vector<Filter> parts;
  for (const Json& part : list.as_array()) parts.push_back(TRY(parse_filter(part)));
  return parts;
}

Result<Filter> parse_logical(const std::string& name, const Json& operand) {
  if (name == "$and") return Filter::all(TRY(parse_list(name, operand)));
  if (name == "$or") return Filter::any(TRY(parse_list(name, operand)));
  if (name != "$not") return unknown(name);
  if (!operand.is_object()) return wrong_operand(name, "a filter");
  return Filter{FilterOperator::none_of, {}, {}, {TRY(parse_filter(operand))}};
}

}  // namespace

Result<Filter> parse_filter(const Json& document) {
  if (!document.is_object())
    return fail(ErrorCode::invalid,
                "a filter is an object, such as {\"status\": \"open\"}, not " + to_text(document));
  std::vector<Filter> parts;
  for (const auto& [name, value] : document.as_object()) {
    if (name.starts_with('$')) {
      parts.push_back(TRY(parse_logical(name, value)));
    } else if (is_operator_document(value)) {
      parts.push_back(TRY(parse_operators(name, value)));
    } else {
      parts.push_back(Filter::equal(name, value));
    }
  }
  if (parts.size() == 1) return std::move(parts.front());
  return Filter::all(std::move(parts));
}

Result<std::vector<SortField>> parse_sort(const Json& document) {
  if (!document.is_object())
    return fail(ErrorCode::invalid,
                "a sort is an object, such as {\"timestamp\": -1}, not " + to_text(document));
  std::vector<SortField> sort;
  for (const auto& [field, direction] : document.as_object()) {
    if (direction != Json(1) && direction != Json(-1))
      return fail(ErrorCode::invalid, fmt::format("the sort of '{}' is 1 (rising) or -1 (falling), "
                                                  "not {}",
                                                  field, to_text(direction)));
    sort.push_back({field, direction == Json(-1)});
  }
  return sort;
}

}  // namespace metergate
