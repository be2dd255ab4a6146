// The orders that a list of statements can have besides those by the provider's own meters: one
// table that sorts, that refuses other words and that the API documents. Constant data; any thread.
#pragma once

#include <array>
#include <compare>
#include <string_view>

#include "service/billing/standings.h"

namespace metergate {

using StatementOrder = std::strong_ordering (*)(const Standing& a, const Standing& b);

struct StatementSort {
  std::string_view name;
  StatementOrder order;
};

template <Meter meter>
std::strong_ordering by_usage(const Standing& a, const Standing& b) {
  return a.usage[meter] <=> b.usage[meter];
}

// A missing cost is beyond every amount, so it sorts after them.
inline std::strong_ordering by_cost(const Standing& a, const Standing& b) {
  if (a.cost && b.cost) return *a.cost <=> *b.cost;
  return b.cost.has_value() <=> a.cost.has_value();
}

inline constexpr std::array<StatementSort, 13> kStatementSorts = {{
    {"tenant_id", [](const Standing& a, const Standing& b) { return a.tenant <=> b.tenant; }},
    {"tenant_name",
     [](const Standing& a, const Standing& b) { return a.folded_name <=> b.folded_name; }},
    {"plan", [](const Standing& a, const Standing& b) { return a.plan <=> b.plan; }},
    {"status", [](const Standing& a, const Standing& b) { return a.status <=> b.status; }},
    {"health_status",
     [](const Standing& a, const Standing& b) -> std::strong_ordering {
       return a.health <=> b.health;
     }},
    {"has_overages",
     [](const Standing& a, const Standing& b) { return a.has_overages <=> b.has_overages; }},
    {"overage_cost", by_cost},
    {"utilization",
     [](const Standing& a, const Standing& b) { return compare(a.highest, b.highest); }},
    {"stores_count", by_usage<Meter::stores_count>},
    {"devices_count", by_usage<Meter::devices_count>},
    {"api_calls", by_usage<Meter::api_calls>},
    {"webhook_calls", by_usage<Meter::webhook_calls>},
    {"storage_gb", by_usage<Meter::storage_gb>},
}};

inline constexpr auto kStatementSortWords = [] {
  std::array<std::string_view, kStatementSorts.size()> words;
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = kStatementSorts[i].name;
  return words;
}();

}  // namespace metergate
