#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "api/reader_faults.h"
#include "api/routes.h"
#include "base/nearest.h"
#include "service/shared/listed_values.h"

namespace metergate::api {
namespace {

constexpr std::int64_t kPageMax = 1'000'000;
constexpr std::int64_t kLimitMax = 200;
constexpr std::int64_t kLimitDefault = 50;

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

std::optional<std::string> QueryReader::text(std::string_view name) { return call_.query(name); }

std::optional<std::string> QueryReader::choice(std::string_view name,
                                               const std::vector<std::string>& allowed) {
  std::optional<std::string> value = text(name);
  if (!value || std::ranges::find(allowed, *value) != allowed.end()) return value;
  fault(name, fmt::format("is {}; must be one of: {}{}", shown(*value), joined(allowed),
                          did_you_mean(*value, allowed)));
  return std::nullopt;
}

std::optional<std::string> QueryReader::choices(std::string_view name,
                                                const std::vector<std::string>& allowed) {
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

std::int64_t QueryReader::integer(std::string_view name, std::int64_t least, std::int64_t most,
                                  std::int64_t otherwise) {
  const std::optional<std::string> value = text(name);
  if (!value) return otherwise;
  const std::optional<std::int64_t> number = parse_integer(*value);
  if (number && *number >= least && *number <= most) return *number;
  fault(name,
        fmt::format("is {}; must be a whole number from {} to {}", shown(*value), least, most));
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

std::string read_sort(QueryReader& reader, const std::vector<std::string_view>& fields,
                      std::string_view otherwise) {
  std::vector<std::string> allowed;
  for (const std::string_view field : fields) {
    allowed.emplace_back(field);
    allowed.push_back("-" + std::string{field});
  }
  return reader.choice("sort", allowed).value_or(std::string{otherwise});
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
  page.page = reader.integer("page", 1, kPageMax, 1);
  page.limit = reader.integer("limit", 1, kLimitMax, kLimitDefault);
  return page;
}

Json pagination_json(const PageRequest& request, std::int64_t total) {
  return Json::object({{"page", request.page},
                       {"limit", request.limit},
                       {"total", total},
                       {"pages", (total + request.limit - 1) / request.limit}});
}

Json list_json(std::string_view name, std::vector<Json> rows, const PageRequest& page) {
  const auto total = static_cast<std::int64_t>(rows.size());
  Json shown = Json::array();
  for (std::int64_t i = (page.page - 1) * page.limit; i < total && i < page.page * page.limit;
       ++i) {
    shown.push_back(std::move(rows[static_cast<std::size_t>(i)]));
  }
  return Json::object(
      {{std::string{name}, std::move(shown)}, {"pagination", pagination_json(page, total)}});
}

}  // namespace metergate::api
