#include "service/papers/year_chart.h"

#include <algorithm>
#include <array>

#include "service/papers/paper_layout.h"

namespace metergate {
namespace {

YearChart begun(Period period) {
  YearChart year;
  for (int back = kYearMonths - 1; back >= 0; --back)
    year.months.push_back(Period::from_ordinal(period.ordinal() - back));
  return year;
}

struct MonthSum {
  Meter meter;
  std::int64_t (*read)(const UsageTotals& totals);
};

// The monthly sums over all tenants.
constexpr std::array<MonthSum, 3> kMonthSums = {{
    {Meter::api_calls, [](const UsageTotals& t) { return t.calls.count; }},
    {Meter::webhook_calls, [](const UsageTotals& t) { return t.webhooks.count; }},
    {Meter::storage_gb, [](const UsageTotals& t) { return t.storage_bytes; }},
}};

std::string newest_text(Meter meter, std::optional<std::int64_t> units) {
  return units ? grouped_digits(to_display(meter, *units)) : std::string{};
}

}  // namespace

Result<YearChart> year_of_all(const Analytics& analytics, Period period) {
  YearChart year = begun(period);
  const AnalyticsResult result = TRY(analytics.usage({.first = year.months.front().first_day(),
                                                      .last = period.last_day(),
                                                      .group_by = GroupBy::month}));
  for (const MonthSum& sum : kMonthSums) {
    YearSeries series{.title = shown_meter(row_of(sum.meter).name)};
    for (const AnalyticsRow& row : result.rows) {
      series.values.push_back(row.is_known ? std::optional{sum.read(row)} : std::nullopt);
    }
    series.newest =
        newest_text(sum.meter, series.values.empty() ? std::nullopt : series.values.back());
    year.series.push_back(std::move(series));
  }
  YearSeries active{.title = "Active tenants"};
  for (const AnalyticsRow& row : result.rows)
    active.values.push_back(row.is_known ? std::optional{row.active_tenants} : std::nullopt);
  if (!active.values.empty() && active.values.back())
    active.newest = grouped_digits(Decimal{*active.values.back(), 0});
  year.series.push_back(std::move(active));
  return year;
}

Result<YearChart> year_of(const Billing& billing, const Statement& statement) {
  YearChart year = begun(statement.period);
  const History history = TRY(billing.history(statement));
  for (const MeterRow& meter : kMeters) {
    YearSeries series{.title = shown_meter(meter.name),
                      .limit = statement.terms.limits[meter.meter].units};
    for (const Period month : year.months) {
      const auto row = std::ranges::find(history, month, &HistoryRow::period);
      series.values.push_back(row == history.end() ? std::nullopt
                                                   : std::optional{row->usage[meter.meter]});
    }
    series.newest = newest_text(meter.meter, series.values.back());
    year.series.push_back(std::move(series));
  }
  return year;
}

}  // namespace metergate
