#include "storage/view/read_plan.h"

#include <algorithm>

#include "storage/shapes/keys.h"

namespace metergate {
namespace {

bool is_scalar(const Json& value) { return !value.is_array() && !value.is_object(); }

// The way in which an index serves a query.
struct Fit {
  std::size_t pinned = 0;  // leading fields that must equal one value
  bool is_bounded = false;
  bool is_sorted = false;
  bool falling = false;
  int score() const {
    return static_cast<int>(pinned) * 4 + (is_sorted ? 2 : 0) + (is_bounded ? 1 : 0);
  }
};

bool contains(const IndexRow& index, std::size_t count, std::string_view field) {
  const auto leading = index.fields.first(count);
  return std::ranges::find(leading, field) != leading.end();
}

// Checks that the index, after its pinned fields, gives the order of the sort, all in one
// direction.
void fit_sort(const IndexRow& index, const std::vector<SortField>& sort, Fit& fit) {
  std::size_t at = fit.pinned;
  std::optional<bool> falling;
  for (const SortField& field : sort) {
    if (contains(index, fit.pinned, field.field)) continue;
    if (at >= index.fields.size() || index.fields[at] != field.field) return;
    if (falling && *falling != field.descending) return;
    falling = field.descending;
    ++at;
  }
  fit.is_sorted = true;
  fit.falling = falling.value_or(false);
}

Fit fit(const IndexRow& index, const Conjunction& filter, const std::vector<SortField>& sort) {
  Fit result;
  while (result.pinned < index.fields.size() &&
         filter.equal(index.fields[result.pinned]) != nullptr)
    ++result.pinned;
  if (result.pinned < index.fields.size()) {
    const std::string_view next = index.fields[result.pinned];
    result.is_bounded = filter.lower(next) != nullptr || filter.upper(next) != nullptr;
  }
  if (!sort.empty()) fit_sort(index, sort, result);
  return result;
}

KeyRange range_of(const IndexRow& index, std::string prefix, const Conjunction& filter,
                  std::size_t pinned) {
  for (std::size_t i = 0; i < pinned; ++i)
    keys::append_value(prefix, filter.equal(index.fields[i]));
  KeyRange range{prefix, keys::after_prefix(prefix)};
  if (pinned == index.fields.size()) return range;
  const auto with = [&prefix](const Json& value) {
    std::string key = prefix;
    keys::append_value(key, &value);
    return key;
  };
  if (const Filter* lower = filter.lower(index.fields[pinned])) {
    range.start = with(lower->value);
    if (lower->op == FilterOperator::greater) range.start = keys::after_prefix(range.start);
  }
  if (const Filter* upper = filter.upper(index.fields[pinned])) {
    range.end = with(upper->value);
    if (upper->op == FilterOperator::less_or_equal) range.end = keys::after_prefix(range.end);
  }
  range.end = std::max(range.start, range.end);
  return range;
}

struct Bounds {
  int tenants = 0;
  int lower = 0;
  int upper = 0;
};

bool add_bounds(const Filter& filter, std::string_view field, Bounds& bounds) {
  if (filter.op == FilterOperator::all_of) {
    return std::ranges::all_of(
        filter.children, [&](const Filter& child) { return add_bounds(child, field, bounds); });
  }
  if (filter.op == FilterOperator::equal && filter.field == "tenant_id")
    return filter.value.is_string() && ++bounds.tenants == 1;
  if (filter.field != field || filter.value.kind() != Json::Kind::timestamp) return false;
  switch (filter.op) {
    case FilterOperator::greater:
    case FilterOperator::greater_or_equal:
      return ++bounds.lower == 1;
    case FilterOperator::less:
    case FilterOperator::less_or_equal:
      return ++bounds.upper == 1;
    default:
      return false;
  }
}

}  // namespace

bool is_tenant_and_window(const Filter& filter, std::string_view field) {
  Bounds bounds;
  return add_bounds(filter, field, bounds);
}

void Conjunction::add(const Filter& filter) {
  if (filter.op == FilterOperator::all_of) {
    for (const Filter& child : filter.children) add(child);
  } else if (filter.op != FilterOperator::any_of && filter.op != FilterOperator::none_of &&
             is_scalar(filter.value)) {
    parts_.push_back(&filter);
  }
}

const Json* Conjunction::equal(std::string_view field) const {
  for (const Filter* part : parts_) {
    if (part->op == FilterOperator::equal && part->field == field) return &part->value;
  }
  return nullptr;
}

const Filter* Conjunction::lower(std::string_view field) const {
  for (const Filter* part : parts_) {
    if (part->field != field) continue;
    if (part->op == FilterOperator::greater || part->op == FilterOperator::greater_or_equal)
      return part;
  }
  return nullptr;
}

const Filter* Conjunction::upper(std::string_view field) const {
  for (const Filter* part : parts_) {
    if (part->field != field) continue;
    if (part->op == FilterOperator::less || part->op == FilterOperator::less_or_equal) return part;
  }
  return nullptr;
}

Window window_of(const Conjunction& filter, std::string_view field) {
  Window window{Timestamp::min(), Timestamp::max()};
  const auto instant = [](const Json* value) {
    return value != nullptr && value->kind() == Json::Kind::timestamp
               ? std::optional(value->as_timestamp())
               : std::nullopt;
  };
  constexpr Milliseconds kNext{1};
  if (const auto at = instant(filter.equal(field))) return {*at, *at + kNext};
  if (const Filter* lower = filter.lower(field)) {
    if (const auto at = instant(&lower->value))
      window.start = lower->op == FilterOperator::greater ? *at + kNext : *at;
  }
  if (const Filter* upper = filter.upper(field)) {
    if (const auto at = instant(&upper->value))
      window.end = upper->op == FilterOperator::less_or_equal ? *at + kNext : *at;
  }
  return window;
}

ReadPlan plan_for(const Query& query) {
  const Conjunction filter(query.filter);
  const auto indexes = row_of(query.collection).indexes;
  Fit best;
  std::size_t chosen = 0;
  for (std::size_t i = 0; i < indexes.size(); ++i) {
    const Fit next = fit(indexes[i], filter, query.sort);
    if (next.score() > best.score()) {
      best = next;
      chosen = i;
    }
  }
  ReadPlan plan;
  if (best.score() == 0) {
    const std::string prefix = keys::document_prefix(query.collection);
    plan.range = {prefix, keys::after_prefix(prefix)};
    plan.is_sorted = query.sort.empty();
    return plan;
  }
  plan.by_index = true;
  plan.falling = best.falling;
  plan.is_sorted = best.is_sorted || query.sort.empty();
  plan.range =
      range_of(indexes[chosen], keys::index_prefix(query.collection, chosen), filter, best.pinned);
  return plan;
}

}  // namespace metergate
