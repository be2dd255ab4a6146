#include "service/shared/listed_values.h"

#include <algorithm>
#include <utility>

namespace metergate {

std::vector<std::string> listed_values(std::string_view text) {
  std::vector<std::string> values;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    if (end > 0) values.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return values;
}

bool is_listed(std::string_view text, std::string_view value) {
  if (text.empty() || text == value) return true;
  const std::vector<std::string> values = listed_values(text);
  return std::ranges::find(values, value) != values.end();
}

Filter equal_to_listed(std::string field, const std::string& text) {
  if (!text.contains(',')) return Filter::equal(std::move(field), text);
  Json values = Json::array();
  values.push_back(text);
  for (std::string& value : listed_values(text)) values.push_back(std::move(value));
  return Filter::compare(std::move(field), FilterOperator::in, std::move(values));
}

SortField sort_field(std::string_view text) {
  const bool descending = text.starts_with('-');
  return {std::string{descending ? text.substr(1) : text}, descending};
}

}  // namespace metergate
