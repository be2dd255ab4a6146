// Reads each kind of meter into a tally; see meter_tally.h.
#include <fmt/format.h>

#include <algorithm>

#include "service/meters/meter_tally.h"

namespace metergate {
namespace {

using std::chrono::days;

// The group value for events beyond kGroupsMax groups.
constexpr std::string_view kOther = "other";

MeterCell counted(std::int64_t count) {
  MeterCell cell;
  cell.count = count;
  return cell;
}

Result<> tally_cells(const Store& store, const MeterRange& range, const MeterPlan& plan,
                     MeterTally& tally) {
  if (is_empty(range.window)) return {};
  const std::size_t dimensions = plan.meter.record.meter.group_by.size();
  Result<> added;
  TRY(store.meter_cells(range, [&](const MeterCellRow& row) {
    const MeterGroup group = row.is_other ? MeterGroup(dimensions, std::string(kOther)) : row.group;
    added = tally.add(row.start, range.tenant, group, row.cell);
    return added.has_value();
  }));
  return added;
}

// Adds the whole hours of the billing time zone in the window, from the rollups of endpoints.
Result<> tally_hours(const Store& store, const TenantId& tenant, const Window& window,
                     MeterTally& tally) {
  if (is_empty(window)) return {};
  Query query;
  query.collection = Collection::response_metrics;
  query.filter =
      Filter::all({Filter::equal("tenant_id", tenant.text()),
                   Filter::compare("hour", FilterOperator::greater_or_equal, window.start),
                   Filter::compare("hour", FilterOperator::less, window.end)});
  Result<> added;
  TRY(store.for_each(query, [&](const Json& hour) {
    const std::int64_t count = hour.integer_at("count").value_or(0);
    if (count > 0)
      added =
          tally.add(hour.timestamp_at("hour").value_or(window.start), tenant, {}, counted(count));
    return added.has_value();
  }));
  return added;
}

Window whole_hours(const Window& range, const TimeZone& zone) {
  const Window first = window_at(range.start, WindowSize::hour, zone);
  const Timestamp start = first.start < range.start ? first.end : first.start;
  const Timestamp end = window_at(range.end, WindowSize::hour, zone).start;
  return {start, std::max(start, end)};
}

std::int64_t count_of(Meter meter, const Counter& counter) {
  return meter == Meter::api_calls ? counter.calls.count : counter.webhooks.count;
}

struct CallSource {
  const Store& store;
  const BillingRules& rules;
  const TenantId& tenant;
  Meter meter;
};

// Adds calls one by one, as they were recorded.
Result<> tally_raw(const CallSource& source, const Window& window, MeterTally& tally) {
  Result<> added;
  std::int64_t read = 0;
  const auto add = [&](Timestamp at) {
    if (++read > kRawEventsMax) {
      const std::string message = fmt::format(
          "more than {} calls would have to be counted one by one: ask for a shorter range, or for "
          "whole days of the billing time zone",
          kRawEventsMax);
      added = fail(Error{ErrorCode::invalid, message, {Fault{std::nullopt, "from", message}}});
    } else {
      added = tally.add(at, source.tenant, {}, counted(1));
    }
    return added.has_value();
  };
  TRY(source.store.counted_calls({source.tenant, source.meter, window}, add));
  return added;
}

struct DaySpan {
  Day first;
  Day last;  // inclusive
};

// For an empty window the last day is before the first.
DaySpan span_of(const Window& window, const TimeZone& zone) {
  const Day first = zone.day_of(window.start);
  if (is_empty(window)) return {first, first - days{1}};
  return {first, zone.day_of(window.end - Milliseconds{1})};
}

Result<> tally_days(const CallSource& source, const DaySpan& span, MeterTally& tally) {
  if (span.last < span.first) return {};
  for (const DayRow& row : TRY(source.store.days(source.tenant, span.first, span.last))) {
    const std::int64_t count = count_of(source.meter, row.counter);
    const Timestamp start = source.rules.zone.start_of(row.day);
    if (count > 0) TRY(tally.add(start, source.tenant, {}, counted(count)));
  }
  return {};
}

Result<> tally_months(const CallSource& source, const DaySpan& span, MeterTally& tally) {
  auto months = TRY(source.store.counters(source.tenant));
  for (auto month = months.rbegin(); month != months.rend(); ++month) {
    const Day first = month->first.first_day();
    const std::int64_t count = count_of(source.meter, month->second);
    if (first < span.first || first > span.last || count == 0) continue;
    TRY(tally.add(source.rules.zone.start_of(first), source.tenant, {}, counted(count)));
  }
  return {};
}

// Whole months are read from their counters, unless a window cuts them.
Result<> tally_span(const CallSource& source, const DaySpan& span, bool has_months,
                    MeterTally& tally) {
  const Period first = Period::of(span.first - days{1}).next();
  const Period behind = Period::of(span.last + days{1});
  if (!has_months || first >= behind) return tally_days(source, span, tally);
  TRY(tally_days(source, {span.first, first.first_day() - days{1}}, tally));
  TRY(tally_months(source, {first.first_day(), behind.previous().last_day()}, tally));
  return tally_days(source, {behind.first_day(), span.last}, tally);
}

std::int64_t units_of(Meter meter, const Gauges& gauges, const BillingRules& rules) {
  if (meter == Meter::stores_count) return gauges.stores.last;
  if (meter == Meter::devices_count) return gauges.devices.last;
  return storage_bytes(gauges, rules.storage);
}

// Walks one tenant's days, which are within [first, last], window by window.
class GaugeTally {
 public:
  GaugeTally(const TallySources& sources, const TenantRecord& record)
      : sources_(sources), record_(record) {}

  Result<> walk(const MeterPlan& plan, MeterTally& tally) {
    const TimeZone& zone = sources_.rules.zone;
    const TenantId& tenant = record_.tenant.id;
    const Day first = zone.day_of(plan.range.start);
    const Day last =
        std::min(zone.day_of(plan.range.end - Milliseconds{1}), zone.day_of(sources_.clock.now()));
    gauges_ = TRY(sources_.store.gauges_before(tenant, first));
    const std::vector<DayRow> rows = TRY(sources_.store.days(tenant, first, last));
    auto next = rows.begin();
    for (Day day = first; day <= last;) {
      const Day end = plan.size ? zone.day_of(window_at(zone.start_of(day), *plan.size, zone).end)
                                : last + days{1};
      for (; next != rows.end() && next->day < end; ++next) take(*next);
      // A level is known from the tenant's creation, or from an earlier report.
      const bool is_there = zone.day_of(record_.tenant.created_at) < end || gauges_.has_any();
      if (is_there) TRY(tally.add(zone.start_of(day), tenant, {}, cell(*plan.meter.built_in)));
      day = end;
    }
    return {};
  }

 private:
  void take(const DayRow& row) {
    Gauges later = row.counter.gauges;
    later.carry(gauges_, sources_.rules.zone.start_of(row.day));
    gauges_ = later;
  }

  MeterCell cell(Meter meter) const {
    MeterCell cell = counted(1);
    cell.sum = Quantity::of(units_of(meter, gauges_, sources_.rules));
    return cell;
  }

  const TallySources& sources_;
  const TenantRecord& record_;
  Gauges gauges_;
};

}  // namespace

Result<> tally_own(const TallySources& sources, const MeterPlan& plan, MeterTally& tally) {
  const auto& [store, directory, rules, clock] = sources;
  const Window none{plan.range.end, plan.range.end};
  const DaySplit split = fits_days(plan, rules) ? split_by_days(plan.range, rules.zone)
                                                : DaySplit{plan.range, none, none};
  TRY(check_minutes_kept(store, rules, split.head));
  TRY(check_minutes_kept(store, rules, split.tail));
  for (const TenantId& tenant : plan.tenants) {
    MeterRange range{tenant, plan.meter.record.meter.slug, CellSpan::minute, split.head};
    TRY(tally_cells(store, range, plan, tally));
    range.window = split.tail;
    TRY(tally_cells(store, range, plan, tally));
    range.window = split.days;
    range.span = CellSpan::day;
    TRY(tally_cells(store, range, plan, tally));
  }
  return {};
}

namespace {

// In hours of the billing time zone, which only API calls have.
Result<> tally_call_hours(const TallySources& sources, const MeterPlan& plan, MeterTally& tally) {
  const auto& [store, directory, rules, clock] = sources;
  const Window whole = whole_hours(plan.range, rules.zone);
  DaySplit split{plan.range, {plan.range.end, plan.range.end}, {plan.range.end, plan.range.end}};
  if (!is_empty(whole))
    split = {{plan.range.start, whole.start}, whole, {whole.end, plan.range.end}};
  TRY(check_minutes_kept(store, rules, plan.range));
  for (const TenantId& tenant : plan.tenants) {
    const CallSource source{store, rules, tenant, Meter::api_calls};
    TRY(tally_raw(source, split.head, tally));
    TRY(tally_raw(source, split.tail, tally));
    TRY(tally_hours(store, tenant, split.days, tally));
  }
  return {};
}

Result<> tally_call_days(const TallySources& sources, const MeterPlan& plan, MeterTally& tally) {
  const auto& [store, directory, rules, clock] = sources;
  const bool has_months = !plan.size || plan.size == WindowSize::month;
  DaySplit split = split_by_days(plan.range, rules.zone);
  Window ahead{split.tail.end, split.tail.end};
  // A day until now is its rollup minus the events ahead of the clock: usually none, however many
  // calls the day has.
  if (plan.range.end >= clock.now() && !is_empty(split.tail)) {
    split.days.end = rules.zone.start_of(rules.zone.day_of(split.tail.start) + days{1});
    ahead.end = split.days.end;
    split.tail.start = split.tail.end;
  }
  TRY(check_minutes_kept(store, rules, split.head));
  TRY(check_minutes_kept(store, rules, split.tail));
  for (const TenantId& tenant : plan.tenants) {
    const CallSource source{store, rules, tenant, *plan.meter.built_in};
    TRY(tally_raw(source, split.head, tally));
    TRY(tally_raw(source, split.tail, tally));
    // Read before the days, so that only events included in them are subtracted.
    std::int64_t calls_ahead = 0;
    TRY(store.counted_calls({tenant, source.meter, ahead}, [&calls_ahead](Timestamp) {
      ++calls_ahead;
      return true;
    }));
    TRY(tally_span(source, span_of(split.days, rules.zone), has_months, tally));
    if (calls_ahead > 0) TRY(tally.add(ahead.start, tenant, {}, counted(-calls_ahead)));
  }
  return {};
}

}  // namespace

Result<> tally_calls(const TallySources& sources, const MeterPlan& plan, MeterTally& tally) {
  if (fits_days(plan, sources.rules)) return tally_call_days(sources, plan, tally);
  const bool has_hours = plan.meter.built_in == Meter::api_calls && plan.size == WindowSize::hour &&
                         plan.zone.name() == sources.rules.zone.name();
  if (has_hours) return tally_call_hours(sources, plan, tally);
  TRY(check_minutes_kept(sources.store, sources.rules, plan.range));
  for (const TenantId& tenant : plan.tenants)
    TRY(tally_raw({sources.store, sources.rules, tenant, *plan.meter.built_in}, plan.range, tally));
  return {};
}

Result<> tally_gauge(const TallySources& sources, const MeterPlan& plan, MeterTally& tally) {
  if (!fits_days(plan, sources.rules)) {
    const std::string message = fmt::format(
        "{} is kept by the day: windowSize must be DAY, WEEK or MONTH of the time zone {}, or left "
        "out",
        plan.meter.record.meter.slug, sources.rules.zone.name());
    return fail(Error{ErrorCode::invalid, message, {Fault{std::nullopt, "windowSize", message}}});
  }
  for (const TenantId& tenant : plan.tenants) {
    const auto record = sources.directory.find(tenant);
    if (record != nullptr) TRY(GaugeTally(sources, *record).walk(plan, tally));
  }
  return {};
}

}  // namespace metergate
