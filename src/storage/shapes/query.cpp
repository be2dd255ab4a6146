#include "storage/shapes/query.h"

#include <algorithm>
#include <charconv>

namespace metergate {
namespace {

// Calls `visit` with every value at the path, or once with nullptr if there is none. An array on
// the way, or at the end, also offers its elements, as in MongoDB. Returns true as soon as `visit`
// does.
template <class Visit>
bool any_at(const Json* value, std::string_view path, const Visit& visit) {
  if (value != nullptr && value->is_array()) {
    const auto any_element = [&] {
      return std::ranges::any_of(value->as_array(), [&](const Json& element) {
        return path.empty() ? visit(&element)
                            : element.is_object() && any_at(&element, path, visit);
      });
    };
    if (any_element()) return true;
    if (!path.empty() && std::ranges::any_of(value->as_array(), &Json::is_object)) return false;
  }
  if (path.empty() || value == nullptr) return visit(value);
  const std::size_t dot = path.find('.');
  const std::string_view rest =
      dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1);
  return any_at(value->find(path.substr(0, dot)), rest, visit);
}

bool is_equal(const Json* value, const Json& wanted) {
  return value == nullptr ? wanted.is_null() : *value == wanted;
}

bool is_same_type(const Json& a, const Json& b) {
  return a.kind() == b.kind() || (a.is_number() && b.is_number());
}

bool is_ordered(const Json* value, FilterOperator op, const Json& bound) {
  // Values of different types are neither above nor below each other.
  if (value == nullptr || !is_same_type(*value, bound)) return false;
  const auto order = compare(*value, bound);
  switch (op) {
    case FilterOperator::greater:
      return order > 0;
    case FilterOperator::greater_or_equal:
      return order >= 0;
    case FilterOperator::less:
      return order < 0;
    case FilterOperator::less_or_equal:
      return order <= 0;
    default:
      return false;
  }
}

bool is_in(const Json* value, const Json& list) {
  return list.is_array() && std::ranges::any_of(list.as_array(), [value](const Json& wanted) {
           return is_equal(value, wanted);
         });
}

bool compares(const Filter& filter, const Json& document) {
  const auto any = [&](const auto& holds) { return any_at(&document, filter.field, holds); };
  switch (filter.op) {
    case FilterOperator::equal:
      return any([&](const Json* value) { return is_equal(value, filter.value); });
    case FilterOperator::not_equal:
      return !any([&](const Json* value) { return is_equal(value, filter.value); });
    case FilterOperator::in:
      return any([&](const Json* value) { return is_in(value, filter.value); });
    case FilterOperator::not_in:
      return !any([&](const Json* value) { return is_in(value, filter.value); });
    case FilterOperator::exists: {
      const bool wanted = filter.value.kind() != Json::Kind::boolean || filter.value.as_bool();
      return any([](const Json* value) { return value != nullptr; }) == wanted;
    }
    default:
      return any([&](const Json* value) { return is_ordered(value, filter.op, filter.value); });
  }
}

}  // namespace

Filter Filter::equal(std::string field, Json value) {
  return compare(std::move(field), FilterOperator::equal, std::move(value));
}

Filter Filter::compare(std::string field, FilterOperator op, Json value) {
  return Filter{op, std::move(field), std::move(value), {}};
}

Filter Filter::all(std::vector<Filter> children) {
  return Filter{FilterOperator::all_of, {}, {}, std::move(children)};
}

Filter Filter::any(std::vector<Filter> children) {
  return Filter{FilterOperator::any_of, {}, {}, std::move(children)};
}

bool Filter::matches(const Json& document) const {
  const auto match = [&document](const Filter& child) { return child.matches(document); };
  switch (op) {
    case FilterOperator::all_of:
      return std::ranges::all_of(children, match);
    case FilterOperator::any_of:
      return std::ranges::any_of(children, match);
    case FilterOperator::none_of:
      return std::ranges::none_of(children, match);
    default:
      return compares(*this, document);
  }
}

const Json* member_at(const Json& document, std::string_view dotted_path) {
  const Json* value = &document;
  while (value != nullptr) {
    const std::size_t dot = dotted_path.find('.');
    value = value->find(dotted_path.substr(0, dot));
    if (dot == std::string_view::npos) break;
    dotted_path.remove_prefix(dot + 1);
  }
  return value;
}

}  // namespace metergate
