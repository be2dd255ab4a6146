// The statement: one tenant's figures of a period, open (computed now) or closed (frozen). Values;
// no threads.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "domain/counter.h"
#include "domain/late_line.h"
#include "domain/period.h"
#include "domain/plan.h"
#include "domain/rating.h"

namespace metergate {

// The days on which limits were passed, by meter; kept with a frozen statement.
using PassedDays = std::vector<std::pair<std::string, Day>>;

struct Statement {
  TenantId tenant;
  std::string tenant_name;
  std::string status;  // of the tenant: active, suspended
  Period period;
  Terms terms;
  Usage usage;
  Usage peaks;
  Rated rated;
  std::vector<LateLine> late;  // corrections of earlier periods that are billed in this one
  bool is_closed = false;
  Currency currency = Currency::usd();  // of all its amounts
  // False if the period's usage is no longer kept and was not frozen. Unknown usage is then 0, and
  // the billing error says so.
  bool is_known = true;
  PassedDays passed;  // frozen statements only
};

// Puts the late lines, condensed, into a statement that has none, and their sum into its cost. If
// the sum cannot be formed, it sets the billing error.
void bill_late(Statement& statement, std::vector<LateLine> late, const Currency& currency);

// The parts of a statement that a summary needs.
struct SummaryShare {
  std::string_view plan;
  Health health = Health::healthy;
  bool has_overages = false;
  std::optional<Money> cost;  // nothing: a billing error
  bool is_known = true;       // false: health and overages are unknown
};

// Totals over statements, shown above the rows of lists and reports.
struct StatementSummary {
  std::int64_t tenants = 0;
  std::int64_t tenants_with_overages = 0;
  std::int64_t tenants_with_errors = 0;                       // left out of the total
  std::array<std::int64_t, 4> by_health{};                    // in the order of Health
  std::vector<std::pair<std::string, std::int64_t>> by_plan;  // in order of first occurrence
  MoneySum total_overage_cost;                                // the sum of the shown costs
  void add(const Statement& statement);
  void add(const SummaryShare& share);
  Decimal overage_rate_percent() const;  // one decimal, half away from zero
};

}  // namespace metergate
