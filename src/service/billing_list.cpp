// The list of statements: which match, in which order, which page.
#include <algorithm>
#include <array>
#include <compare>

#include "service/billing.h"

namespace metergate {

namespace {

using Order = std::strong_ordering (*)(const Statement& a, const Statement& b);

struct SortRow {
  std::string_view name;
  Order order;
};

std::string lower(std::string_view text) {
  std::string result{text};
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

template <Meter meter>
std::strong_ordering by_usage(const Statement& a, const Statement& b) {
  return a.usage[meter] <=> b.usage[meter];
}

std::strong_ordering by_name(const Statement& a, const Statement& b) {
  return lower(a.tenant_name) <=> lower(b.tenant_name);
}

// Of all meters, the provider's own among them.
Utilization highest_utilization(const Statement& statement) {
  Utilization highest = statement.rated.utilization[statement.rated.highest];
  for (const OwnLineItem& line : statement.rated.own_lines) {
    const Utilization own = utilization_of(line);
    if (compare(own, highest) > 0) highest = own;
  }
  return highest;
}

constexpr std::array<SortRow, 10> kSorts = {{
    {"tenant_id", [](const Statement& a, const Statement& b) { return a.tenant <=> b.tenant; }},
    {"tenant_name", by_name},
    {"plan", [](const Statement& a, const Statement& b) { return a.terms.plan <=> b.terms.plan; }},
    {"overage_cost",
     [](const Statement& a, const Statement& b) { return a.rated.cost <=> b.rated.cost; }},
    {"utilization",
     [](const Statement& a, const Statement& b) {
       return compare(highest_utilization(a), highest_utilization(b));
     }},
    {"stores_count", by_usage<Meter::stores_count>},
    {"devices_count", by_usage<Meter::devices_count>},
    {"api_calls", by_usage<Meter::api_calls>},
    {"webhook_calls", by_usage<Meter::webhook_calls>},
    {"storage_gb", by_usage<Meter::storage_gb>},
}};

struct Sorting {
  Order order;
  bool descending;
};

Result<Sorting> parse_sorting(std::string_view text) {
  const bool descending = text.starts_with('-');
  const std::string_view name = descending ? text.substr(1) : text;
  for (const SortRow& row : kSorts) {
    if (row.name == name) return Sorting{row.order, descending};
  }
  std::string message =
      "sort is \"" + std::string{text} + "\": must be one of, each also with - before it:";
  for (const SortRow& row : kSorts) {
    message += row.name == kSorts.front().name ? " " : ", ";
    message += row.name;
  }
  return fail(Error{ErrorCode::invalid, message, {Fault{std::nullopt, "sort", message}}});
}

bool matches(const StatementFilter& filter, const Statement& statement) {
  if (filter.health && *filter.health != statement.rated.health) return false;
  if (filter.has_overages && *filter.has_overages != statement.rated.has_overages) return false;
  if (!filter.plan.empty() && filter.plan != statement.terms.plan) return false;
  if (!filter.status.empty() && filter.status != statement.status) return false;
  if (filter.search.empty()) return true;
  const std::string wanted = lower(filter.search);
  return lower(statement.tenant.text()).find(wanted) != std::string::npos ||
         lower(statement.tenant_name).find(wanted) != std::string::npos;
}

// Puts the statements of the page in front, in order, without sorting what lies behind them.
void sort_through(std::vector<Statement>& statements, const Sorting& sorting, std::size_t through) {
  const auto middle =
      statements.begin() + static_cast<std::ptrdiff_t>(std::min(through, statements.size()));
  std::partial_sort(statements.begin(), middle, statements.end(),
                    [&](const Statement& a, const Statement& b) {
                      const std::strong_ordering order = sorting.order(a, b);
                      if (order != 0) return sorting.descending ? order > 0 : order < 0;
                      return a.tenant < b.tenant;
                    });
}

}  // namespace

std::vector<std::string> statement_sorts() {
  std::vector<std::string> names;
  for (const SortRow& row : kSorts) {
    names.emplace_back(row.name);
    names.push_back("-" + std::string{row.name});
  }
  return names;
}

Result<StatementPage> Billing::statements(const StatementPageRequest& request) const {
  const Sorting sorting = TRY(parse_sorting(request.sort));
  StatementPage page;
  page.period = request.filter.period.value_or(current_period());
  std::vector<Statement> found = TRY(all_statements(page.period));
  std::erase_if(found, [&](const Statement& one) { return !matches(request.filter, one); });
  for (const Statement& one : found) {
    TRY(page.summary.add(one));
  }
  page.total = static_cast<std::int64_t>(found.size());
  // A page far behind the end is empty; the comparison is made by division so that it cannot wrap.
  if (request.page - 1 > page.total / request.limit) return page;
  const auto first = static_cast<std::size_t>((request.page - 1) * request.limit);
  const std::size_t end = std::min(found.size(), first + static_cast<std::size_t>(request.limit));
  sort_through(found, sorting, end);
  for (std::size_t at = first; at < end; ++at) page.statements.push_back(std::move(found[at]));
  return page;
}

}  // namespace metergate
