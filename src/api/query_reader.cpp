#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "api/reader_faults.h"
#include "api/routes.h"
#include "base/check.h"
#include "base/nearest.h"
#include "service/shared/listed_values.h"

namespace metergate::api {
namespace {

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return value;
}

}  // namespace

void QueryReader::fault(std::string_view name, std::string message) {
  faults_.push_back(Fault{std::nullopt, std::string{name}, std::move(message)});
}

const Field& QueryReader::field(std::string_view name) const {
  const Field* found = find_field(call_.route.query, name);
  CHECK(found != nullptr);  // a handler that reads what its row does not have
  return *found;
}

std::optional<std::string> QueryReader::text(std::string_view name) {
  return call_.query(field(name).name);
}

std::optional<std::string> QueryReader::one_of(std::string_view name, Words allowed) {
  std::optional<std::string> value = text(name);
  if (!value || std::ranges::find(allowed, *value) != allowed.end()) return value;
  fault(name, fmt::format("is {}; must be one of: {}{}", shown(*value), joined(allowed),
                          did_you_mean(*value, allowed)));
  return std::nullopt;
}

std::optional<std::string> QueryReader::choice(std::string_view name) {
  return one_of(name, field(name).words);
}

std::optional<std::string> QueryReader::choice(std::string_view name,
                                               const std::vector<std::string>& allowed) {
  const std::vector<std::string_view> words(allowed.begin(), allowed.end());
  return one_of(name, words);
}

std::optional<std::string> QueryReader::choices(std::string_view name) {
  const Words allowed = field(name).words;
  std::optional<std::string> value = text(name);
  if (!value) return value;
  const std::vector<std::string> values = listed_values(*value);
  for (const std::string& one : values) {
    if (std::ranges::find(allowed, one) != allowed.end()) continue;
    fault(name, fmt::format("is {}; must be one of: {}, or several with commas between{}",
                            shown(one), joined(allowed), did_you_mean(one, allowed)));
    return std::nullopt;
  }
  if (!values.empty()) return value;
  fault(name, fmt::format("is empty; must be one of: {}", joined(allowed)));
  return std::nullopt;
}

std::int64_t QueryReader::integer(std::string_view name) {
  const Field& wanted = field(name);
  const std::int64_t otherwise = parse_integer(wanted.otherwise).value_or(wanted.least);
  const std::optional<std::string> value = text(name);
  if (!value) return otherwise;
  const std::optional<std::int64_t> number = parse_integer(*value);
  if (number && *number >= wanted.least && *number <= wanted.most) return *number;
  fault(name, fmt::format("is {}; must be a whole number from {} to {}", shown(*value),
                          wanted.least, wanted.most));
  return otherwise;
}

std::optional<bool> QueryReader::flag(std::string_view name) {
  const std::optional<std::string> value = text(name);
  if (!value) return std::nullopt;
  if (*value == "true") return true;
  if (*value == "false") return false;
  fault(name, fmt::format("is {}; must be true or false", shown(*value)));
  return std::nullopt;
}

std::optional<Day> QueryReader::day(std::string_view name) {
  const std::optional<std::string> value = text(name);
  if (!value) return std::nullopt;
  const Result<Day> day = parse_day(*value);
  if (day) return *day;
  fault(name, fmt::format("is {}; must be a date such as 2026-03-05", shown(*value)));
  return std::nullopt;
}

Result<> QueryReader::finish() { return result_of(faults_); }

std::string QueryReader::sort(std::string_view name) {
  const Field& wanted = field(name);
  std::vector<std::string> allowed;
  for (const std::string_view word : wanted.words) {
    allowed.emplace_back(word);
    allowed.push_back("-" + std::string{word});
  }
  return choice(name, allowed).value_or(std::string{wanted.otherwise});
}

void sort_documents(std::vector<Json>& documents, std::string_view sort) {
  const bool descending = sort.starts_with('-');
  if (descending) sort.remove_prefix(1);
  static const Json none;
  const auto value = [sort](const Json& document) -> const Json& {
    const Json* const found = document.find(sort);
    return found == nullptr ? none : *found;
  };
  std::ranges::stable_sort(documents, [&](const Json& a, const Json& b) {
    const auto order = compare(value(a), value(b));
    return descending ? order > 0 : order < 0;
  });
}

PageRequest read_page(QueryReader& reader) {
  PageRequest page;
  page.page = reader.integer("page");
  page.limit = reader.integer("limit");
  return page;
}

Json pagination_json(const PageRequest& request, std::int64_t total) {
  return Json::object({{"page", request.page},
                       {"limit", request.limit},
                       {"total", total},
                       {"pages", (total + request.limit - 1) / request.limit}});
}

Json page_json(std::string_view name, Json rows, const PageRequest& page, std::int64_t total) {
  return Json::object(
      {{std::string{name}, std::move(rows)}, {"pagination", pagination_json(page, total)}});
}

Json list_json(std::string_view name, std::vector<Json> rows, const PageRequest& page,
               std::string_view sort) {
  if (!sort.empty()) sort_documents(rows, sort);
  const auto total = static_cast<std::int64_t>(rows.size());
  Json shown = Json::array();
  for (std::int64_t i = (page.page - 1) * page.limit; i < total && i < page.page * page.limit;
       ++i) {
    shown.push_back(std::move(rows[static_cast<std::size_t>(i)]));
  }
  return page_json(name, std::move(shown), page, total);
}

}  // namespace metergate::api
