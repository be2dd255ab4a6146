#include "service/meters/group_filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/nearest.h"
#include "base/text.h"

namespace metergate {
namespace {

// SQL's LIKE: % is any text, _ any one byte, \ takes the next as it stands. In steps of the pattern
// and the text together: a star is tried again further on, once.
bool is_like(std::string_view text, std::string_view pattern) {
  std::size_t at = 0;
  std::size_t in = 0;
  std::optional<std::size_t> star;
  std::size_t after_star = 0;
  while (at < text.size()) {
    const bool is_escaped = in + 1 < pattern.size() && pattern[in] == '\\';
    const bool is_any = in < pattern.size() && pattern[in] == '_';
    if (in < pattern.size() && pattern[in] == '%') {
      star = in++;
      after_star = at;
    } else if (is_escaped && pattern[in + 1] == text[at]) {
      in += 2;
      ++at;
    } else if (is_any || (in < pattern.size() && !is_escaped && pattern[in] == text[at])) {
      ++in;
      ++at;
    } else if (star) {
      in = *star + 1;
      at = ++after_star;
    } else {
      return false;
    }
  }
  while (in < pattern.size() && pattern[in] == '%') ++in;
  return in == pattern.size();
}

}  // namespace

const GroupFilter::Row GroupFilter::kRows[] = {
    {"$eq", Kind::in, false},
    {"$ne", Kind::not_in, false},
    {"$in", Kind::in, true},
    {"$nin", Kind::not_in, true},
    {"$like", Kind::like, false},
    {"$nlike", Kind::not_like, false},
    {"$ilike", Kind::like_in_any_case, false},
    {"$nilike", Kind::not_like_in_any_case, false},
    {"$gt", Kind::greater, false},
    {"$gte", Kind::greater_or_equal, false},
    {"$lt", Kind::less, false},
    {"$lte", Kind::less_or_equal, false},
    {"$and", Kind::all, true},
    {"$or", Kind::any, true},
};

Result<GroupFilter> GroupFilter::parse(const Json& filter) {
  std::size_t tests = 0;
  return parse(filter, 0, tests);
}

Result<GroupFilter> GroupFilter::parse(const Json& filter, std::size_t depth, std::size_t& tests) {
  if (!filter.is_object())
    return fail(ErrorCode::invalid, "must be an object like {\"$eq\": \"x\"}");
  if (depth > kGroupFilterDepthMax)
    return fail(ErrorCode::invalid,
                fmt::format("is deeper than {} filters in one another", kGroupFilterDepthMax));
  GroupFilter all;
  for (const auto& [name, value] : filter.as_object()) {
    if (value.is_null()) continue;
    if (++tests > kGroupFilterTestsMax)
      return fail(ErrorCode::invalid, fmt::format("has more than {} parts", kGroupFilterTestsMax));
    all.children_.push_back(TRY(parse_member(name, value, depth, tests)));
  }
  return all;
}

Result<GroupFilter> GroupFilter::parse_member(std::string_view name, const Json& value,
                                              std::size_t depth, std::size_t& tests) {
  const Row* const row = std::ranges::find(std::begin(kRows), std::end(kRows), name, &Row::name);
  if (row == std::end(kRows)) {
    std::vector<std::string_view> known;
    for (const Row& one : kRows) known.push_back(one.name);
    return fail(ErrorCode::invalid, fmt::format("'{:.40}' is no operator{}; there are {}", name,
                                                did_you_mean(name, known), fmt::join(known, ", ")));
  }
  const auto wrong = [&](std::string_view what) {
    return fail(ErrorCode::invalid, fmt::format("{} must be {}", name, what));
  };
  GroupFilter made;
  made.kind_ = row->kind;
  if (!row->is_list) {
    if (!value.is_string()) return wrong("a text");
    made.values_.push_back(value.as_string());
    return made;
  }
  if (!value.is_array()) return wrong("a list");
  if (value.as_array().size() > kGroupFilterTestsMax)
    return wrong(fmt::format("a list of at most {}", kGroupFilterTestsMax));
  const bool has_children = row->kind == Kind::all || row->kind == Kind::any;
  for (const Json& one : value.as_array()) {
    if (has_children) {
      made.children_.push_back(TRY(parse(one, depth + 1, tests)));
    } else if (one.is_string()) {
      made.values_.push_back(one.as_string());
    } else {
      return wrong("a list of texts");
    }
  }
  return made;
}

GroupFilter GroupFilter::any_of(std::vector<std::string> values) {
  GroupFilter made;
  made.kind_ = Kind::in;
  made.values_ = std::move(values);
  return made;
}

bool GroupFilter::holds(const std::optional<std::string>& value) const {
  const auto child_holds = [&](const GroupFilter& child) { return child.holds(value); };
  const auto is_among = [&] {
    return value && std::ranges::find(values_, *value) != values_.end();
  };
  const auto likes = [&](bool in_any_case) {
    if (!value) return false;
    return in_any_case ? is_like(folded_case(*value), folded_case(values_.front()))
                       : is_like(*value, values_.front());
  };
  switch (kind_) {
    case Kind::all:
      return std::ranges::all_of(children_, child_holds);
    case Kind::any:
      return std::ranges::any_of(children_, child_holds);
    case Kind::in:
      return is_among();
    case Kind::not_in:
      return !is_among();
    case Kind::like:
    case Kind::like_in_any_case:
      return likes(kind_ == Kind::like_in_any_case);
    case Kind::not_like:
    case Kind::not_like_in_any_case:
      return !likes(kind_ == Kind::not_like_in_any_case);
    case Kind::greater:
      return value && *value > values_.front();
    case Kind::greater_or_equal:
      return value && *value >= values_.front();
    case Kind::less:
      return value && *value < values_.front();
    case Kind::less_or_equal:
      return value && *value <= values_.front();
  }
  return false;
}

}  // namespace metergate
