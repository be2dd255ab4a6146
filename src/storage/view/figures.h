// Figures: reads a tenant's counters. Levels are carried from one month to the next on reading, so
// the order in which facts arrive never shows. Only reads; the caller holds the view's lock.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "domain/counter.h"
#include "storage/shapes/store.h"
#include "storage/view/view.h"

namespace metergate {

class Figures {
 public:
  Figures(const View& view, const TimeZone& zone) : view_(view), zone_(zone) {}

  Result<std::optional<Counter>> counter(const std::string& tenant, Period period) const;
  Result<std::int64_t> billable_calls(const std::string& tenant, Period period) const;
  // From a tenant's first month to the newest month of any tenant, oldest first.
  Result<std::vector<std::pair<Period, Counter>>> counters(const std::string& tenant) const;
  // For some tenants, in order: each of their months from first to last, as counter() returns it,
  // oldest first. Tenants without any are left out.
  Result<std::vector<TenantMonths>> months(std::span<const std::string> tenants,
                                           const MonthSpan& span) const;
  Result<Gauges> gauges_at_end(const std::string& tenant, Period period) const;
  Result<Gauges> gauges_before(const std::string& tenant, Day day) const;
  Result<std::vector<DayRow>> days(const std::string& tenant, Day first, Day last) const;
  Result<std::int64_t> endpoint_count(const std::string& tenant, Period period) const;
  // The figures that came as day totals, to be added to a recount.
  Result<std::optional<Counter>> backfilled(const std::string& tenant, Period period) const;

 private:
  using MonthRows = std::vector<std::pair<std::string, CounterRow>>;  // by position
  Result<std::vector<std::pair<Period, Counter>>> months_of(const std::string& tenant,
                                                            const MonthSpan& span,
                                                            MonthRows& rows) const;
  Result<Gauges> gauges_since(std::int32_t first_period, const std::string& tenant,
                              Period period) const;
  const View& view_;
  const TimeZone& zone_;
};

}  // namespace metergate
