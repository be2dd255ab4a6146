// Overview: the provider's first screen for a period in one answer: totals, tenants by health,
// cost, open alerts, the highest tenants, and the trend of usage.
//
// Made from figures that lists and analytics keep up to date, so it costs only the tenants that
// have changed. Safe from any thread.
#pragma once

#include <array>
#include <vector>

#include "service/analytics/analytics.h"
#include "service/billing/billing.h"

namespace metergate {

inline constexpr std::int64_t kTopTenants = 5;
inline constexpr int kTrendMonths = 13;
inline constexpr std::array<std::string_view, 4> kSeveritiesShown = {"critical", "high", "medium",
                                                                     "low"};

struct OverviewResult {
  Period period;
  bool is_closed = false;
  Currency currency = Currency::usd();
  StatementSummary summary;
  UsageOfAll usage;
  std::array<std::int64_t, kSeveritiesShown.size()> open_alerts{};  // of any period
  std::vector<Statement> by_cost;  // the highest costs, at most kTopTenants
  std::vector<Statement> by_utilization;
  std::vector<AnalyticsRow> trend;  // months up to the period, oldest first
};

class Overview {
 public:
  Overview(const Store& store, const Billing& billing, const Analytics& analytics)
      : store_(store), billing_(billing), analytics_(analytics) {}

  // Nothing: the current period. ErrorCode::invalid for a future one.
  Result<OverviewResult> of(std::optional<Period> period) const;

 private:
  Result<std::vector<Statement>> top(Period period, const std::string& sort) const;
  const Store& store_;
  const Billing& billing_;
  const Analytics& analytics_;
};

Json overview_json(const OverviewResult& result);

}  // namespace metergate
