// Applies events to the provider's own meters: the cells of the minute, the day and the month. See
// fold.h.
#include <algorithm>

#include "storage/fold/fold.h"

namespace metergate {
namespace {

Timestamp minute_of(Timestamp at) { return std::chrono::floor<std::chrono::minutes>(at); }

}  // namespace

// The data is parsed once for all meters that read it.
Result<> Fold::fold_meters(const OtherFact& fact, const UsageEvent& event) {
  const MeterTable::Group* meters = view_.meters().of_type(fact.type);
  if (meters == nullptr) return {};
  const EventContent data = data_of(fact);
  for (const CountedMeter* meter : *meters) TRY(fold_meter(*meter, data, event));
  return {};
}

Result<> Fold::fold_meter(const CountedMeter& meter, const EventContent& data,
                          const UsageEvent& event) {
  const std::string& tenant = event.tenant.text();
  const Slot& slot = calendar_.slot_of(event.occurred_at);
  const MeterReading reading = reading_of(meter, data, event.occurred_at, key_);
  const std::string group = TRY(group_within_cap(tenant, slot.period, meter, data.json));
  for (const std::string& place :
       {keys::meter_minute_place(meter.key, minute_of(event.occurred_at), group),
        keys::meter_day_place(meter.key, slot.day, group),
        keys::meter_month_place(meter.key, slot.period)}) {
    MeterCell& cell = *TRY(view_.touch<MeterCell>(tenant, place)).row;
    const std::size_t before = held_bytes(cell);
    cell.fold(meter.meter.aggregation, reading);
    view_.account(held_bytes(cell) - before);
  }
  return {};
}

// The same batch has created the meter and limited its groups.
Result<> Fold::fold_backfilled(const BackfilledCell& backfilled) {
  const CountedMeter* meter = view_.meters().find(backfilled.slug);
  if (meter == nullptr)
    return fail(ErrorCode::corrupt, "a batch of the journal counts for the meter '" +
                                        backfilled.slug + "', which it does not make");
  const std::string& tenant = backfilled.tenant.text();
  const Slot slot = calendar_.slot_of(backfilled.minute);
  const std::string& group = backfilled.group;
  if (!meter->group_paths.empty() && group != kOtherGroup) {
    const std::string place = keys::meter_groups_place(meter->key, slot.period);
    EndpointRow& known = *TRY(view_.touch<EndpointRow>(tenant, place)).row;
    const auto at = std::ranges::lower_bound(known.endpoints, group);
    if (at == known.endpoints.end() || *at != group) {
      known.bytes += group.size();
      known.endpoints.insert(at, group);
    }
  }
  for (const std::string& place : {keys::meter_minute_place(meter->key, backfilled.minute, group),
                                   keys::meter_day_place(meter->key, slot.day, group),
                                   keys::meter_month_place(meter->key, slot.period)}) {
    MeterCell& cell = *TRY(view_.touch<MeterCell>(tenant, place)).row;
    const std::size_t before = held_bytes(cell);
    cell.merge(meter->meter.aggregation, backfilled.cell);
    view_.account(held_bytes(cell) - before);
  }
  touched_.add(tenant, slot.period);
  return {};
}

// A meter without groups has one group and needs no list. An unchanged list is not written again,
// since it may have kGroupBytesMax.
Result<std::string> Fold::group_within_cap(const std::string& tenant, Period period,
                                           const CountedMeter& meter, const Json& data) {
  if (meter.group_paths.empty()) return std::string();
  std::string group = encode_group(group_of(meter, data));
  const std::string place = keys::meter_groups_place(meter.key, period);
  HotRow<EndpointRow>* hot = view_.find_hot<EndpointRow>(view_.live_rows(tenant), place);
  const bool was_dirty = hot != nullptr && hot->is_dirty;
  const auto touched = TRY(view_.touch<EndpointRow>(tenant, place));
  EndpointRow& known = *touched.row;
  const auto at = std::ranges::lower_bound(known.endpoints, group);
  const bool is_known = at != known.endpoints.end() && *at == group;
  const bool has_room = known.endpoints.size() < kGroupsMax &&
                        (known.bytes + group.size() <= kGroupBytesMax || known.endpoints.empty());
  if (is_known || !has_room) {
    touched.hot->is_dirty = was_dirty;
    return is_known ? group : std::string(kOtherGroup);
  }
  view_.account(group.size() + sizeof(std::string));
  known.bytes += group.size();
  known.endpoints.insert(at, group);
  return group;
}

}  // namespace metergate
