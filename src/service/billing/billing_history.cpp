// A tenant's figures over time: history, details of calls, forecast.
#include <algorithm>

#include "service/billing/billing.h"
#include "service/billing/frozen_reports.h"
#include "service/tenants/own_lines.h"

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
  Day end;  // exclusive
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

// The days of a statement's period that are over.
FullDays full_days(const Statement& statement, Day today) {
  const Day first = statement.period.first_day();
  return {first, std::clamp(today, first, statement.period.last_day() + std::chrono::days{1})};
}

// A closed period without overage has no outlook.
bool has_outlook(const Statement& statement) {
  return statement.is_known && (!statement.is_closed || statement.rated.has_overages);
}

std::optional<Day> passed_on(const PassedDays& passed, std::string_view meter) {
  for (const auto& [name, day] : passed) {
    if (name == meter) return day;
  }
  return std::nullopt;
}

// How a month of such a meter goes: adding up what each day brings, from the level at the end of
// one to that of the next, or staying what it is.
enum class OwnCourse : std::uint8_t { sum, level, steady };

OwnCourse course_of(Folding folding) {
  switch (folding) {
    case Folding::count:
    case Folding::sum:
      return OwnCourse::sum;
    case Folding::latest:
    case Folding::greatest:
    case Folding::unique_count:
      return OwnCourse::level;
    case Folding::average:
    case Folding::least:
    case Folding::median:
    case Folding::percentile_95:
    case Folding::percentile_99:
      return OwnCourse::steady;
  }
  return OwnCourse::steady;
}

// The increase on each full day, or the level at its end.
std::vector<Quantity> own_daily(const std::vector<MeterCellRow>& cells, const FullDays& span,
                                const TimeZone& zone, Folding folding) {
  std::vector<Quantity> daily;
  MeterCell so_far;
  auto next = cells.begin();
  for (Day day = span.first; day < span.end; day += std::chrono::days{1}) {
    const Timestamp end = zone.start_of(day + std::chrono::days{1});
    MeterCell of_day;
    for (; next != cells.end() && next->start < end; ++next) of_day.merge(folding, next->cell);
    so_far.merge(folding, of_day);
    const MeterCell& shown = course_of(folding) == OwnCourse::sum ? of_day : so_far;
    daily.push_back(shown.value(folding).value_or(Quantity{}));
  }
  return daily;
}

}  // namespace

Result<PeriodStats> Billing::stats(const TenantId& tenant, Period period) const {
  PeriodStats stats;
  stats.counter = TRY(store_.counter(tenant, period));
  if (!stats.counter && is_kept(period)) stats.counter = Counter{};
  if (!stats.counter) {
    const auto frozen = TRY(FrozenReports(store_).closed_statement(period, tenant));
    if (!frozen) return stats;
    stats.calls_frozen = frozen->statement.usage[Meter::api_calls];
    stats.webhooks_frozen = frozen->statement.usage[Meter::webhook_calls];
    return stats;
  }
  stats.endpoints = TRY(store_.endpoint_count(tenant, period));
  // Endpoints are removed with the raw calls, before the counter is.
  if (stats.endpoints == 0 && stats.counter->calls.count > 0) stats.endpoints.reset();
  return stats;
}

// The month's value of each own meter in the statement's terms; nothing for a meter that was
// created later, or if the month is no longer kept.
Result<std::vector<std::pair<std::string, std::optional<Quantity>>>> Billing::own_of_month(
    const Statement& statement, Period period) const {
  std::vector<std::pair<std::string, std::optional<Quantity>>> own;
  if (statement.rated.own_lines.empty()) return own;
  const Timestamp end = period.window(rules_.zone).end;
  std::vector<OwnTerm> terms;
  for (const OwnLineItem& line : statement.rated.own_lines)
    terms.push_back({line.meter, line.included, line.rate});
  const std::vector<Quantity> used = TRY(own_usage(store_, statement.tenant, terms, period));
  for (std::size_t at = 0; at < terms.size(); ++at) {
    const auto document = TRY(store_.get(Collection::meters, {"", terms[at].meter}));
    const auto made_at = document ? document->timestamp_at("created_at") : std::nullopt;
    const bool was_there = made_at && *made_at < end && is_kept(period);
    own.emplace_back(terms[at].meter, was_there ? std::optional(used[at]) : std::nullopt);
  }
  return own;
}

Result<History> Billing::history(const Statement& statement) const {
  const TenantId& tenant = statement.tenant;
  const std::vector<std::pair<Period, Counter>> kept = TRY(store_.counters(tenant));
  const Period current = current_period();
  const Period oldest = kept.empty() ? current : std::min(kept.back().first, current);
  Period period = kept.empty() ? current : std::max(kept.front().first, current);
  History history;
  std::size_t next = 0;
  for (; period >= oldest; period = period.previous()) {
    Counter figures;
    if (next < kept.size() && kept[next].first == period) {
      figures = kept[next++].second;
    } else {
      figures = TRY(store_.counter(tenant, period)).value_or(Counter{});
    }
    history.push_back(
        {period, usage_of(figures, rules_.storage), TRY(own_of_month(statement, period))});
  }
  TRY(add_frozen(statement, history));
  return history;
}

// Adds the months whose counters are gone, from their frozen statements, without gaps.
Result<> Billing::add_frozen(const Statement& statement, History& history) const {
  for (Period period = history.back().period.previous(); history.size() < kHistoryMonths;
       period = period.previous()) {
    const auto frozen = TRY(FrozenReports(store_).closed_statement(period, statement.tenant));
    if (!frozen) return {};
    HistoryRow row{period, frozen->statement.usage, {}};
    const auto& lines = frozen->statement.rated.own_lines;
    for (const OwnLineItem& line : statement.rated.own_lines) {
      const auto then = std::ranges::find(lines, line.meter, &OwnLineItem::meter);
      row.own.emplace_back(line.meter,
                           then == lines.end() ? std::nullopt : std::optional(then->usage));
    }
    history.push_back(std::move(row));
  }
  return {};
}

Result<PerMeter<std::optional<Forecast>>> Billing::forecast(const Statement& statement) const {
  PerMeter<std::optional<Forecast>> forecast;
  if (!statement.passed.empty()) {
    for (const MeterRow& row : kMeters) {
      const std::optional<Day> day = passed_on(statement.passed, row.name);
      if (day) forecast[row.meter] = Forecast{std::nullopt, day};
    }
    return forecast;
  }
  if (!has_outlook(statement) || !is_kept(statement.period)) return forecast;
  const TenantId& tenant = statement.tenant;
  const Period period = statement.period;
  const FullDays span = full_days(statement, rules_.zone.day_of(clock_.now()));
  const std::vector<DayRow> rows =
      TRY(store_.days(tenant, span.first, span.end - std::chrono::days{1}));
  const Gauges before = TRY(store_.gauges_before(tenant, span.first));
  const DailyUnits daily = daily_units(span, rows, before, rules_);
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

Result<std::optional<OwnForecast>> Billing::own_forecast_of(const Statement& statement,
                                                            const OwnLineItem& line) const {
  const auto document = TRY(store_.get(Collection::meters, {"", line.meter}));
  if (!document) return std::nullopt;
  const Folding folding = TRY(meter_from(*document)).meter.aggregation;
  const FullDays span = full_days(statement, rules_.zone.day_of(clock_.now()));
  const MeterRange range{statement.tenant, line.meter, CellSpan::day,
                         Window{rules_.zone.start_of(span.first), rules_.zone.start_of(span.end)}};
  std::vector<MeterCellRow> cells;
  TRY(store_.meter_cells(range, [&cells](const MeterCellRow& cell) {
    cells.push_back(cell);
    return true;
  }));
  const std::vector<Quantity> daily = own_daily(cells, span, rules_.zone, folding);
  OwnForecastInput input{statement.period, span.end, line.usage, daily, line.included};
  switch (course_of(folding)) {
    case OwnCourse::sum:
      return forecast_sum(input);
    case OwnCourse::level:
      return forecast_level(input);
    case OwnCourse::steady:
      return forecast_steady(input);
  }
  return std::nullopt;
}

Result<OwnForecasts> Billing::own_forecast(const Statement& statement) const {
  OwnForecasts forecasts;
  for (const OwnLineItem& line : statement.rated.own_lines) {
    std::optional<OwnForecast> one;
    if (!statement.passed.empty()) {
      const std::optional<Day> day = passed_on(statement.passed, line.meter);
      if (day) one = OwnForecast{std::nullopt, day};
    } else if (has_outlook(statement) && is_kept(statement.period)) {
      one = TRY(own_forecast_of(statement, line));
    }
    forecasts.emplace_back(line.meter, one);
  }
  return forecasts;
}

Result<PassedDays> Billing::passed_days(const Statement& statement) const {
  PassedDays passed;
  if (!statement.is_known || !statement.rated.has_overages) return passed;
  const PerMeter<std::optional<Forecast>> forecast = TRY(this->forecast(statement));
  for (const LineItem& line : statement.rated.lines) {
    const std::optional<Forecast>& one = forecast[line.meter];
    if (line.overage > 0 && one && one->passes_on)
      passed.emplace_back(row_of(line.meter).name, *one->passes_on);
  }
  const OwnForecasts own = TRY(own_forecast(statement));
  for (std::size_t at = 0; at < own.size(); ++at) {
    const std::optional<OwnForecast>& one = own[at].second;
    const bool is_over = statement.rated.own_lines[at].overage > Quantity{};
    if (is_over && one && one->passes_on) passed.emplace_back(own[at].first, *one->passes_on);
  }
  return passed;
}

}  // namespace metergate
