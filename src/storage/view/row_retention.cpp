#include "storage/view/row_retention.h"

#include <algorithm>
#include <vector>

#include "storage/view/figures.h"

namespace metergate {
namespace {

template <class Row>
Result<std::vector<std::string>> places(const View& view, const std::string& tenant,
                                        const PlaceRange& range, std::size_t max) {
  std::vector<std::string> found;
  TRY(view.scan<Row>(tenant, range, [&](std::string_view place, const Row&) {
    found.emplace_back(place);
    return found.size() < max;
  }));
  return found;
}

}  // namespace

Result<std::int64_t> RowRetention::remove_counters(const std::string& tenant, Period cut) {
  const auto first = view_.first_period(tenant);
  if (!first || *first >= cut.ordinal()) return std::int64_t{0};
  TRY(carry_into(tenant, cut));
  const auto months = TRY(places<CounterRow>(
      view_, tenant, {std::string(1, keys::kMonth), keys::month_place(cut)}, SIZE_MAX));
  for (const std::string& place : months) {
    view_.remove<CounterRow>(tenant, place);
    const Period period = TRY(keys::period_of(place));
    if (TRY(view_.read<CounterRow>(tenant, keys::backfill_place(period))))
      view_.remove<CounterRow>(tenant, keys::backfill_place(period));
    view_.remove<EndpointRow>(tenant, keys::endpoints_place(period));
  }
  const auto days = TRY(places<CounterRow>(
      view_, tenant, {std::string(1, keys::kDay), keys::day_place(cut.first_day())}, SIZE_MAX));
  for (const std::string& place : days) view_.remove<CounterRow>(tenant, place);
  TRY(view_.set_first_period(tenant, cut.ordinal()));
  return static_cast<std::int64_t>(months.size());
}

// The month at the cut becomes the tenant's first, so it takes over the levels of the earlier ones.
Result<> RowRetention::carry_into(const std::string& tenant, Period cut) {
  const Gauges before = TRY(Figures(view_, zone_).gauges_at_end(tenant, cut.previous()));
  CounterRow& row = *TRY(view_.touch<CounterRow>(tenant, keys::month_place(cut))).row;
  if (!row.is_carried) row.counter.gauges.carry(before, cut.window(zone_).start);
  row.is_carried = true;
  return {};
}

Result<std::int64_t> RowRetention::remove_metrics(const std::string& tenant, Timestamp cut,
                                                  std::size_t max) {
  const PlaceRange range{std::string(1, keys::kHour), keys::hour_place(cut, "")};
  const auto hours = TRY(places<CallSums>(view_, tenant, range, max));
  for (const std::string& place : hours) view_.remove<CallSums>(tenant, place);
  return static_cast<std::int64_t>(hours.size());
}

template <class Row, class EndOf>
Result<std::int64_t> RowRetention::remove_of_meters(const std::string& tenant, char tag,
                                                    const EndOf& end_of, std::size_t max) {
  std::vector<std::string> known;
  for (const auto& [slug, meter] : view_.meters().all()) known.push_back(meter.key);
  std::int64_t removed = 0;
  for (std::string from(1, tag); static_cast<std::size_t>(removed) < max;) {
    const auto first = TRY(places<Row>(view_, tenant, {from, ""}, 1));
    if (first.empty()) break;
    const std::string meter = TRY(keys::meter_of(first.front()));
    const std::string start = std::string(1, tag) + meter;
    const std::string behind = keys::after_prefix(start);
    const bool is_deleted = std::ranges::find(known, meter) == known.end();
    const PlaceRange range{start, is_deleted ? behind : end_of(meter)};
    const auto left = max - static_cast<std::size_t>(removed);
    const auto found = TRY(places<Row>(view_, tenant, range, left));
    for (const std::string& place : found) view_.remove<Row>(tenant, place);
    removed += static_cast<std::int64_t>(found.size());
    from = behind;
  }
  return removed;
}

Result<std::int64_t> RowRetention::remove_meter_minutes(const std::string& tenant, Timestamp cut,
                                                        std::size_t max) {
  const auto end = [cut](const std::string& meter) {
    return keys::meter_minute_place(meter, cut, "");
  };
  return remove_of_meters<MeterCell>(tenant, keys::kMeterMinute, end, max);
}

Result<std::int64_t> RowRetention::remove_meter_days(const std::string& tenant, Period cut,
                                                     std::size_t max) {
  const auto day = [cut](const std::string& meter) {
    return keys::meter_day_place(meter, cut.first_day(), "");
  };
  const auto month = [cut](const std::string& meter) {
    return keys::meter_month_place(meter, cut);
  };
  const auto groups = [cut](const std::string& meter) {
    return keys::meter_groups_place(meter, cut);
  };
  std::int64_t removed = TRY(remove_of_meters<MeterCell>(tenant, keys::kMeterDay, day, max));
  removed += TRY(remove_of_meters<MeterCell>(tenant, keys::kMeterMonth, month, max));
  removed += TRY(remove_of_meters<EndpointRow>(tenant, keys::kMeterGroups, groups, max));
  return removed;
}

}  // namespace metergate
