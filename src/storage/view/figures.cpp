#include "storage/view/figures.h"

#include <algorithm>

namespace metergate {
namespace {

Gauges carried(Gauges own, const Gauges& before, Timestamp start) {
  own.carry(before, start);
  return own;
}

}  // namespace

Result<Gauges> Figures::gauges_at_end(const std::string& tenant, Period period) const {
  const auto first = view_.first_period(tenant);
  return first ? gauges_since(*first, tenant, period) : Gauges{};
}

Result<Gauges> Figures::gauges_since(std::int32_t first_period, const std::string& tenant,
                                     Period period) const {
  // Goes back to a row that includes all earlier levels, then forward again.
  std::vector<std::pair<Period, Gauges>> months;
  for (Period at = period; at.ordinal() >= first_period; at = at.previous()) {
    const auto row = TRY(view_.read<CounterRow>(tenant, keys::month_place(at)));
    if (row) months.emplace_back(at, row->counter.gauges);
    if (row && row->is_carried) break;
  }
  Gauges gauges;
  for (auto month = months.rbegin(); month != months.rend(); ++month)
    gauges = carried(month->second, gauges, month->first.window(zone_).start);
  return gauges;
}

Result<std::optional<Counter>> Figures::counter(const std::string& tenant, Period period) const {
  auto row = TRY(view_.read<CounterRow>(tenant, keys::month_place(period)));
  if (row && row->is_carried) return std::optional(std::move(row->counter));
  const auto first = view_.first_period(tenant);
  if (!first || period.ordinal() < *first) return std::optional<Counter>();
  const Timestamp start = period.window(zone_).start;
  Counter counter;
  if (row) {
    counter = std::move(row->counter);
  } else {
    counter.updated_at = start;
  }
  counter.gauges.carry(TRY(gauges_since(*first, tenant, period.previous())), start);
  return std::optional(std::move(counter));
}

Result<std::int64_t> Figures::billable_calls(const std::string& tenant, Period period) const {
  const std::string place = keys::month_place(period);
  if (const CounterRow* row = view_.peek<CounterRow>(tenant, place))
    return row->counter.calls.count;
  const auto row = TRY(view_.read<CounterRow>(tenant, place));
  return row ? row->counter.calls.count : 0;
}

Result<std::vector<std::pair<Period, Counter>>> Figures::counters(const std::string& tenant) const {
  std::vector<std::pair<Period, Counter>> months;
  Gauges before;
  const auto add = [&](Period period, Counter counter) {
    const Timestamp start = period.window(zone_).start;
    counter.gauges.carry(before, start);
    counter.updated_at = std::max(counter.updated_at, start);
    before = counter.gauges;
    months.emplace_back(period, std::move(counter));
  };
  const auto fill_to = [&](Period period) {
    while (!months.empty() && months.back().first.next() < period)
      add(months.back().first.next(), Counter{});
  };
  Result<> read;
  const PlaceRange all{std::string(1, keys::kMonth), std::string(1, keys::kMonth + 1)};
  TRY(view_.scan<CounterRow>(tenant, all, [&](std::string_view place, CounterRow& row) {
    const auto period = keys::period_of(place);
    if (!period) {
      read = fail(period.error());
      return false;
    }
    fill_to(*period);
    add(*period, std::move(row.counter));
    return true;
  }));
  if (!read) return fail(read.error());
  if (view_.state().newest_period) fill_to(view_.state().newest_period->next());
  return months;
}

Result<std::vector<TenantMonths>> Figures::months(std::span<const std::string> tenants,
                                                  const MonthSpan& span) const {
  // Closed months include all earlier levels, so older rows need not be read.
  const auto& closed = view_.state().closed_through;
  const Period from = closed ? std::min(span.first, *closed) : span.first;
  std::vector<TenantMonths> found;
  const PlaceRange places{keys::month_place(from), keys::month_place(span.last.next())};
  const auto take = [&](const std::string& tenant, MonthRows& rows) -> Result<> {
    auto months = TRY(months_of(tenant, span, rows));
    if (!months.empty()) found.push_back({TRY(TenantId::parse(tenant)), std::move(months)});
    return {};
  };
  TRY(view_.scan_each<CounterRow>(tenants, places, take));
  return found;
}

// `rows` are the tenant's up to the last month, beginning at or before the first.
Result<std::vector<std::pair<Period, Counter>>> Figures::months_of(const std::string& tenant,
                                                                   const MonthSpan& span,
                                                                   MonthRows& rows) const {
  std::vector<std::pair<Period, Counter>> months;
  Period start = span.first;
  Gauges gauges;
  auto row = rows.begin();
  std::optional<Period> of_row;
  if (row != rows.end()) of_row = TRY(keys::period_of(row->first));
  if (of_row && row->second.is_carried && *of_row <= span.first) {
    start = *of_row;
  } else {
    const auto totals = TRY(view_.read<TotalsRow>(tenant, keys::totals_place()));
    if (!totals || span.last.ordinal() < totals->first_period) return months;
    if (of_row) start = std::min(start, *of_row);
    start = std::max(start, Period::from_ordinal(totals->first_period));
    gauges = TRY(gauges_since(totals->first_period, tenant, start.previous()));
  }
  for (Period at = start; at <= span.last; at = at.next()) {
    const Timestamp begin = at.window(zone_).start;
    Counter counter;
    counter.updated_at = begin;
    bool is_carried = false;
    if (row != rows.end() && TRY(keys::period_of(row->first)) == at) {
      counter = std::move(row->second.counter);
      is_carried = row->second.is_carried;
      ++row;
    }
    if (!is_carried) counter.gauges.carry(gauges, begin);
    gauges = counter.gauges;
    if (at >= span.first) months.emplace_back(at, std::move(counter));
  }
  return months;
}

Result<Gauges> Figures::gauges_before(const std::string& tenant, Day day) const {
  const Period period = Period::of(day);
  Gauges gauges = TRY(gauges_at_end(tenant, period.previous()));
  for (const DayRow& row : TRY(days(tenant, period.first_day(), day - std::chrono::days{1})))
    gauges = carried(row.counter.gauges, gauges, zone_.start_of(row.day));
  return gauges;
}

Result<std::vector<DayRow>> Figures::days(const std::string& tenant, Day first, Day last) const {
  std::vector<DayRow> rows;
  if (last < first) return rows;
  const PlaceRange range{keys::day_place(first), keys::day_place(last + std::chrono::days{1})};
  Result<> read;
  TRY(view_.scan<CounterRow>(tenant, range, [&](std::string_view place, CounterRow& row) {
    const auto day = keys::day_of(place);
    if (!day) {
      read = fail(day.error());
      return false;
    }
    rows.push_back({*day, std::move(row.counter)});
    return true;
  }));
  if (!read) return fail(read.error());
  return rows;
}

Result<std::int64_t> Figures::endpoint_count(const std::string& tenant, Period period) const {
  const auto row = TRY(view_.read<EndpointRow>(tenant, keys::endpoints_place(period)));
  return row ? static_cast<std::int64_t>(row->endpoints.size()) : 0;
}

Result<std::optional<Counter>> Figures::backfilled(const std::string& tenant, Period period) const {
  auto row = TRY(view_.read<CounterRow>(tenant, keys::backfill_place(period)));
  return row ? std::optional(std::move(row->counter)) : std::nullopt;
}

}  // namespace metergate
