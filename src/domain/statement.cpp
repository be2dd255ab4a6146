#include "domain/statement.h"

#include <algorithm>

#include "domain/wide.h"

namespace metergate {

void bill_late(Statement& statement, std::vector<LateLine> late, const Currency& currency) {
  if (late.empty()) return;
  Result<std::vector<LateLine>> few = condensed(late);
  if (few) {
    statement.late = *std::move(few);
    settle(statement.rated, sum_with_late(statement.rated, statement.late), currency);
    return;
  }
  // Only the first ones are kept, so that a statement stays bounded.
  late.resize(kLateLinesShown);
  statement.late = std::move(late);
  settle(statement.rated, std::unexpected(few.error()), currency);
}

void StatementSummary::add(const Statement& statement) {
  add(SummaryShare{statement.terms.plan, statement.rated.health, statement.rated.has_overages,
                   statement.rated.cost, statement.is_known});
}

void StatementSummary::add(const SummaryShare& share) {
  ++tenants;
  if (share.cost) {
    total_overage_cost += *share.cost;
  } else {
    ++tenants_with_errors;
  }
  if (share.is_known) {
    if (share.has_overages) ++tenants_with_overages;
    ++by_health[static_cast<std::size_t>(share.health)];
  }
  const auto row = std::ranges::find(
      by_plan, share.plan, [](const auto& entry) -> std::string_view { return entry.first; });
  if (row == by_plan.end()) {
    by_plan.emplace_back(share.plan, 1);
  } else {
    ++row->second;
  }
}

Decimal StatementSummary::overage_rate_percent() const {
  if (tenants == 0) return {0, 1};
  return {saturate(divide_rounded(Wide{tenants_with_overages} * 1000, tenants)), 1};
}

}  // namespace metergate
