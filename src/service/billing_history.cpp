// What billing says of a tenant over time: history, what the calls were like, forecast.
#include <algorithm>

#include "service/billing.h"

namespace metergate {

namespace {

// Units of each full day of a period, a list for each meter.
using DailyUnits = PerMeter<std::vector<std::int64_t>>;

void push_day(DailyUnits& daily, const Counter& day, const StorageFormula& formula) {
  const Usage units = usage_of(day, formula);
  for (const MeterRow& row : kMeters) daily[row.meter].push_back(units[row.meter]);
}

struct FullDays {
  Day first;
  Day end;  // not in it
};

DailyUnits daily_units(const FullDays& span, const std::vector<DayRow>& rows, Gauges gauges,
                       const BillingRules& rules) {
  DailyUnits daily;
  std::size_t next = 0;
  for (Day day = span.first; day < span.end; day += std::chrono::days{1}) {
    Counter counter;
    if (next < rows.size() && rows[next].day == day) counter = rows[next++].counter;
    counter.gauges.carry(gauges, rules.zone.start_of(day));
    gauges = counter.gauges;
    push_day(daily, counter, rules.storage);
  }
  return daily;
}

bool is_level(Meter meter) { return meter != Meter::api_calls && meter != Meter::webhook_calls; }

}  // namespace

Result<PeriodStats> Billing::stats(const TenantId& tenant, Period period) const {
  PeriodStats stats;
  std::optional<Counter> counter = TRY(store_.counter(tenant, period));
  if (counter) stats.counter = *std::move(counter);
  stats.endpoints = TRY(store_.endpoint_count(tenant, period));
  return stats;
}

Result<std::vector<std::pair<Period, Usage>>> Billing::history(const TenantId& tenant) const {
  const std::vector<std::pair<Period, Counter>> kept = TRY(store_.counters(tenant));
  const Period current = current_period();
  const Period oldest = kept.empty() ? current : std::min(kept.back().first, current);
  Period period = kept.empty() ? current : std::max(kept.front().first, current);
  std::vector<std::pair<Period, Usage>> history;
  std::size_t next = 0;
  for (; period >= oldest; period = period.previous()) {
    Counter figures;
    if (next < kept.size() && kept[next].first == period) {
      figures = kept[next++].second;
    } else {
      figures = TRY(store_.counter(tenant, period)).value_or(Counter{});
    }
    history.emplace_back(period, usage_of(figures, rules_.storage));
  }
  return history;
}

Result<PerMeter<std::optional<Forecast>>> Billing::forecast(const Statement& statement) const {
  const TenantId& tenant = statement.tenant;
  const Period period = statement.period;
  const FullDays span{period.first_day(), rules_.zone.day_of(clock_.now())};
  const std::vector<DayRow> rows =
      TRY(store_.days(tenant, span.first, span.end - std::chrono::days{1}));
  const Gauges before = TRY(store_.gauges_before(tenant, span.first));
  const DailyUnits daily = daily_units(span, rows, before, rules_);
  PerMeter<std::optional<Forecast>> forecast;
  for (const MeterRow& row : kMeters) {
    ForecastInput input;
    input.period = period;
    input.today = span.end;
    input.used = statement.usage[row.meter];
    input.daily = daily[row.meter];
    input.limit = statement.terms.limits[row.meter].units;
    forecast[row.meter] = is_level(row.meter) ? forecast_level(input) : forecast_sum(input);
  }
  return forecast;
}

}  // namespace metergate
