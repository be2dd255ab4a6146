#include "service/meters/meter_tally.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

namespace metergate {
namespace {

std::unexpected<Error> too_much(std::string message) {
  return fail(Error{ErrorCode::invalid, message, {Fault{std::nullopt, "windowSize", message}}});
}

Timestamp day_start_from(Timestamp at, const TimeZone& zone) {
  const Day day = zone.day_of(at);
  const Timestamp start = zone.start_of(day);
  return start < at ? zone.start_of(day + std::chrono::days{1}) : start;
}

}  // namespace

DaySplit split_by_days(const Window& range, const TimeZone& zone) {
  const Timestamp first = day_start_from(range.start, zone);
  const Timestamp last = zone.start_of(zone.day_of(range.end));
  if (first > last) return {range, {range.end, range.end}, {range.end, range.end}};
  return {{range.start, first}, {first, last}, {last, range.end}};
}

bool fits_days(const MeterPlan& plan, const BillingRules& rules) {
  if (!plan.size) return true;
  return *plan.size >= WindowSize::day && plan.zone.name() == rules.zone.name();
}

Result<> check_minutes_kept(const Store& store, const BillingRules& rules, const Window& window) {
  if (is_empty(window) || TRY(store.has_all_events(Period::of(window.start, rules.zone))))
    return {};
  const std::string message = fmt::format(
      "{} lies before what is kept of minutes and hours: ask for whole days of the time zone {}, "
      "or for a later time",
      to_text(window.start), rules.zone.name());
  return fail(Error{ErrorCode::invalid, message, {Fault{std::nullopt, "from", message}}});
}

const Window& MeterTally::window_of(Timestamp at) {
  if (!plan_.size) return plan_.range;
  if (!last_ || !last_->contains(at)) last_ = window_at(at, *plan_.size, plan_.zone);
  return *last_;
}

bool MeterTally::is_wanted(const MeterGroup& group) const {
  return std::ranges::all_of(plan_.group_filters, [&](const auto& filter) {
    return filter.second.holds(group[filter.first]);
  });
}

Result<> MeterTally::add(Timestamp at, const TenantId& tenant, const MeterGroup& group,
                         const MeterCell& cell) {
  if (++read_ > kMeterCellsMax)
    return too_much(
        "more figures would have to be read than one answer may: ask for a shorter range, fewer "
        "subjects or larger windows");
  if (!is_wanted(group)) return {};
  const Window& window = window_of(at);
  MeterGroup shown;
  for (const std::size_t place : plan_.group_places) shown.push_back(group[place]);
  Key key{window.start, window.end, plan_.by_subject ? tenant.text() : "", std::move(shown)};
  cells_[std::move(key)].merge(aggregation_, cell);
  if (cells_.size() > kMeterRowsMax)
    return too_much(fmt::format(
        "the answer would have more than {} rows: ask for a shorter range, fewer groups or larger "
        "windows",
        kMeterRowsMax));
  return {};
}

MeterResult MeterTally::result(Show show) const {
  MeterResult result;
  result.from = plan_.range.start;
  result.to = plan_.range.end;
  result.size = plan_.size;
  for (const std::size_t place : plan_.group_places)
    result.group_by.push_back(plan_.meter.record.meter.group_by[place].name);
  for (const auto& [key, cell] : cells_) {
    result.unusable += cell.unusable;
    const std::optional<Quantity> value = cell.value(aggregation_);
    if (cell.count == 0 || !value) continue;
    const auto& [start, end, subject, group] = key;
    MeterResultRow row;
    row.window = {start, end};
    if (plan_.by_subject) row.subject = subject;
    row.group = group;
    row.value = show(plan_, *value);
    row.is_lower_bound = cell.is_full;
    result.rows.push_back(std::move(row));
  }
  return result;
}

}  // namespace metergate
