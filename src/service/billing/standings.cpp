#include "service/billing/standings.h"

#include <algorithm>

#include "base/text.h"
#include "domain/each_line.h"

namespace metergate {
Standing standing_of(const Statement& statement) {
  const Rated& rated = statement.rated;
  Standing standing{statement.tenant,
                    folded_case(statement.tenant_name),
                    statement.terms.plan,
                    statement.status,
                    statement.usage,
                    fullest_of(rated).utilization,
                    rated.cost,
                    rated.health,
                    rated.has_overages,
                    statement.is_known,
                    {}};
  for (const OwnLineItem& line : rated.own_lines) standing.own.emplace_back(line.meter, line.usage);
  return standing;
}

void StandingList::update(std::vector<Standing> changed, const std::vector<TenantId>& gone) {
  const auto place_of = [this](const TenantId& tenant) {
    return std::ranges::lower_bound(rows, tenant, {}, &Standing::tenant);
  };
  for (const TenantId& tenant : gone) {
    const auto at = place_of(tenant);
    if (at != rows.end() && at->tenant == tenant) rows.erase(at);
  }
  std::vector<Standing> added;
  for (Standing& row : changed) {
    const auto at = place_of(row.tenant);
    if (at != rows.end() && at->tenant == row.tenant) {
      *at = std::move(row);
    } else {
      added.push_back(std::move(row));
    }
  }
  if (added.empty()) return;
  const std::ptrdiff_t middle = std::ssize(rows);
  std::ranges::move(added, std::back_inserter(rows));
  std::ranges::inplace_merge(rows, rows.begin() + middle, {}, &Standing::tenant);
}

StandingList& StandingBook::of(Period period) {
  Place* least = places_.data();
  for (Place& place : places_) {
    if (place.used > 0 && place.list.period == period) {
      place.used = ++uses_;
      return place.list;
    }
    if (place.used < least->used) least = &place;
  }
  *least = Place{{.period = period}, ++uses_};
  return least->list;
}

}  // namespace metergate
