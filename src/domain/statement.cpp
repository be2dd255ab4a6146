#include "domain/statement.h"

#include <algorithm>

#include "domain/wide.h"

namespace metergate {

Result<> bill_late(Statement& statement, std::vector<LateLine> late, const Currency& currency) {
  if (late.empty()) return {};
  statement.late = TRY(condensed(std::move(late)));
  statement.rated.cost = TRY(cost_with_late(statement.rated, statement.late, currency));
  return {};
}

Result<> StatementSummary::add(const Statement& statement) {
  return add(SummaryShare{statement.terms.plan, statement.rated.health,
                          statement.rated.has_overages, statement.rated.cost});
}

Result<> StatementSummary::add(const SummaryShare& share) {
  // First what can fail, so that a summary never holds half a statement.
  total_overage_cost = TRY(metergate::add(total_overage_cost, share.cost));
  ++tenants;
  if (share.has_overages) ++tenants_with_overages;
  ++by_health[static_cast<std::size_t>(share.health)];
  const auto row = std::ranges::find(
      by_plan, share.plan, [](const auto& entry) -> std::string_view { return entry.first; });
  if (row == by_plan.end()) {
    by_plan.emplace_back(share.plan, 1);
  } else {
    ++row->second;
  }
  return {};
}

Decimal StatementSummary::overage_rate_percent() const {
  if (tenants == 0) return {0, 1};
  return {saturate(divide_rounded(Wide{tenants_with_overages} * 1000, tenants)), 1};
}

}  // namespace metergate
