// Takes a voided event out of the view. See fold.h.
//
// Sums are subtracted. Other figures were recomputed for the event's minute (or day) from the
// remaining raw events; from there the day and the month are rebuilt, each from the cells below.
#include <algorithm>

#include "storage/fold/fold.h"
#include "storage/fold/void_rule.h"
#include "storage/view/figures.h"

namespace metergate {

// The rows in which one meter counted a voided event.
struct Fold::MeterPlaces {
  std::string group;
  Timestamp minute{};
  Day day;
  Period period;
};

Result<> Fold::fold_void(const DecidedVoid& voided, Timestamp at) {
  const UsageEvent& event = voided.kept.event;
  const Slot slot = calendar_.slot_of(event.occurred_at);
  const std::string& tenant = event.tenant.text();
  view_.put(keys::voided(slot.period, voided.kept), std::string());
  if (std::holds_alternative<StorageReport>(event.fact))
    TRY(replace_bytes(event, voided.day_bytes));
  TRY(unfold_calls(event));
  TRY(unfold_meters(voided));
  for (Counter* counter : {TRY(touch_month(tenant, slot.period)), TRY(touch_day(tenant, slot.day))})
    counter->updated_at = std::max(counter->updated_at, at);
  touched_.add(tenant, slot.period);
  return {};
}

Result<> Fold::unfold_calls(const UsageEvent& event) {
  const std::string& tenant = event.tenant.text();
  const Slot slot = calendar_.slot_of(event.occurred_at);
  const auto* call = std::get_if<ApiCall>(&event.fact);
  const auto* attempt = std::get_if<WebhookCall>(&event.fact);
  for (Counter* counter :
       {TRY(touch_month(tenant, slot.period)), TRY(touch_day(tenant, slot.day))}) {
    if (call != nullptr) counter->calls.unfold(*call, event.billable);
    if (attempt != nullptr) counter->webhooks.unfold(*attempt);
  }
  if (call == nullptr) return {};
  const std::string_view endpoint = TRY(endpoint_within_cap(tenant, slot.period, call->endpoint));
  TRY(view_.touch<CallSums>(tenant, keys::hour_place(slot.hour, endpoint)))
      .row->unfold(*call, event.billable);
  return {};
}

Result<> Fold::replace_bytes(const UsageEvent& event, const Gauge& day_bytes) {
  const std::string& tenant = event.tenant.text();
  const Slot slot = calendar_.slot_of(event.occurred_at);
  TRY(touch_day(tenant, slot.day))->gauges.reported_bytes = day_bytes;
  const TimeZone& zone = calendar_.zone();
  Gauge bytes;
  for (const DayRow& row :
       TRY(Figures(view_, zone).days(tenant, slot.period.first_day(), slot.period.last_day())))
    bytes.merge(row.counter.gauges.reported_bytes);
  const std::string place = keys::month_place(slot.period);
  CounterRow& month = *TRY(view_.touch<CounterRow>(tenant, place)).row;
  if (month.is_carried) {
    const Gauges before = TRY(Figures(view_, zone).gauges_at_end(tenant, slot.period.previous()));
    bytes.carry(before.reported_bytes, slot.period.window(zone).start);
  }
  month.counter.gauges.reported_bytes = bytes;
  return {};
}

Result<> Fold::unfold_meters(const DecidedVoid& voided) {
  const UsageEvent& event = voided.kept.event;
  const auto* fact = std::get_if<OtherFact>(&event.fact);
  const MeterTable::Group* meters = fact == nullptr ? nullptr : view_.meters().of_type(fact->type);
  if (meters == nullptr) return {};
  const std::string& tenant = event.tenant.text();
  const Slot slot = calendar_.slot_of(event.occurred_at);
  const EventContent data = data_of(*fact);
  for (const CountedMeter* meter : *meters) {
    if (!meter->counts(voided.kept.sequence, event.occurred_at)) continue;
    MeterPlaces places{TRY(counted_group(view_, tenant, slot.period, *meter, data.json)),
                       std::chrono::floor<std::chrono::minutes>(event.occurred_at), slot.day,
                       slot.period};
    const std::string minute = keys::meter_minute_place(meter->key, places.minute, places.group);
    const auto remaining = std::ranges::find(voided.minutes, meter->meter.slug,
                                             [](const auto& named) { return named.first; });
    if (remaining != voided.minutes.end()) {
      *TRY(view_.touch<MeterCell>(tenant, minute)).row = remaining->second;
      TRY(rebuild_meter(tenant, *meter, places));
      continue;
    }
    const MeterReading reading = reading_of(*meter, data, event.occurred_at, key_);
    for (const std::string& place :
         {minute, keys::meter_day_place(meter->key, places.day, places.group),
          keys::meter_month_place(meter->key, places.period)})
      TRY(view_.touch<MeterCell>(tenant, place)).row->unfold(meter->meter.aggregation, reading);
  }
  return {};
}

// Rebuilds the group's day from its minutes, then the month from the days of all groups.
Result<> Fold::rebuild_meter(const std::string& tenant, const CountedMeter& meter,
                             const MeterPlaces& places) {
  const Folding folding = meter.meter.aggregation;
  const TimeZone& zone = calendar_.zone();
  MeterCell day;
  const PlaceRange minutes{
      keys::meter_minute_place(meter.key, zone.start_of(places.day), ""),
      keys::meter_minute_place(meter.key, zone.start_of(places.day + std::chrono::days{1}), "")};
  const std::size_t head = keys::meter_minute_place(meter.key, places.minute, "").size();
  TRY(view_.scan<MeterCell>(tenant, minutes, [&](std::string_view place, const MeterCell& cell) {
    if (place.substr(head) == places.group) day.merge(folding, cell);
    return true;
  }));
  *TRY(view_.touch<MeterCell>(tenant, keys::meter_day_place(meter.key, places.day, places.group)))
       .row = std::move(day);
  MeterCell month;
  const PlaceRange days{keys::meter_day_place(meter.key, places.period.first_day(), ""),
                        keys::meter_day_place(meter.key, places.period.next().first_day(), "")};
  TRY(view_.scan<MeterCell>(tenant, days, [&](std::string_view, const MeterCell& cell) {
    month.merge(folding, cell);
    return true;
  }));
  *TRY(view_.touch<MeterCell>(tenant, keys::meter_month_place(meter.key, places.period))).row =
      std::move(month);
  return {};
}

}  // namespace metergate
