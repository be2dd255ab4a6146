// Reads own meters of a ViewStore; see view_store.h.
#include <mutex>

#include "storage/engine/view_store.h"

namespace metergate {
namespace {

constexpr std::size_t kCellsInOneLook = 1000;

// Places of one meter's cells in a window, after the place `last`.
PlaceRange range_of(const MeterRange& range, const CountedMeter& meter, const TimeZone& zone,
                    const std::string& last) {
  PlaceRange places;
  if (range.span == CellSpan::minute) {
    places.from = keys::meter_minute_place(meter.key, range.window.start, "");
    places.to = keys::meter_minute_place(meter.key, range.window.end, "");
  } else {
    const auto first_day_from = [&zone](Timestamp at) {
      const Day day = zone.day_of(at);
      return zone.start_of(day) < at ? day + std::chrono::days{1} : day;
    };
    places.from = keys::meter_day_place(meter.key, first_day_from(range.window.start), "");
    places.to = keys::meter_day_place(meter.key, first_day_from(range.window.end), "");
  }
  // The next place after `last` is `last` with a zero byte appended.
  if (!last.empty()) places.from = last + std::string(1, 0);
  return places;
}

Result<MeterCellRow> row_at(std::string_view place, const CountedMeter& meter,
                            const TimeZone& zone) {
  const bool is_day = place.front() == keys::kMeterDay;
  std::string_view rest = place.substr(1 + meter.key.size());
  MeterCellRow row;
  if (is_day) {
    row.start = zone.start_of(Day{std::chrono::days{TRY(keys::take_u32(rest))}});
  } else {
    row.start = Timestamp{Milliseconds{TRY(keys::take_u64(rest))}};
  }
  auto group = TRY(decode_group(rest));
  row.is_other = !group;
  if (group) row.group = *std::move(group);
  return row;
}

}  // namespace

Result<> ViewStore::meter_cells(const MeterRange& range,
                                const std::function<bool(const MeterCellRow&)>& visit) const {
  std::string last;
  for (bool is_more = true; is_more;) {
    std::vector<MeterCellRow> rows;
    Result<> read;
    {
      const std::shared_lock lock(mutex_);
      const CountedMeter* meter = view_->meters().find(range.slug);
      if (meter == nullptr) return {};
      const PlaceRange places = range_of(range, *meter, options_.zone, last);
      TRY(view_->scan<MeterCell>(range.tenant.text(), places,
                                 [&](std::string_view place, MeterCell& cell) {
                                   Result<MeterCellRow> row = row_at(place, *meter, options_.zone);
                                   if (!row) {
                                     read = fail(row.error());
                                     return false;
                                   }
                                   row->cell = std::move(cell);
                                   rows.push_back(*std::move(row));
                                   last = place;
                                   return rows.size() < kCellsInOneLook;
                                 }));
    }
    if (!read) return read;
    for (const MeterCellRow& row : rows) {
      if (!visit(row)) return {};
    }
    is_more = rows.size() == kCellsInOneLook;
  }
  return {};
}

Result<std::optional<MeterCell>> ViewStore::meter_total(const TenantId& tenant,
                                                        std::string_view slug,
                                                        Period period) const {
  const std::shared_lock lock(mutex_);
  const CountedMeter* meter = view_->meters().find(slug);
  if (meter == nullptr) return std::optional<MeterCell>();
  return view_->read<MeterCell>(tenant.text(), keys::meter_month_place(meter->key, period));
}

Result<std::vector<OwnReading>> ViewStore::own_readings(const UsageEvent& event,
                                                        Sequence sequence) const {
  std::vector<OwnReading> readings;
  const auto* fact = std::get_if<OtherFact>(&event.fact);
  if (fact == nullptr) return readings;
  const auto is_read = [&] {
    const std::shared_lock lock(mutex_);
    return view_->meters().of_type(fact->type) != nullptr;
  };
  if (!is_read()) return readings;
  const EventContent data = data_of(*fact);
  const std::shared_lock lock(mutex_);
  const MeterTable::Group* meters = view_->meters().of_type(fact->type);
  if (meters == nullptr) return readings;
  for (const CountedMeter* meter : *meters) {
    if (!meter->counts(sequence, event.occurred_at)) continue;
    OwnReading reading{meter->meter, reading_of(*meter, data, event.occurred_at, options_.key)};
    if (const Json* value = value_of(*meter, data.json)) reading.given = to_text(*value);
    readings.push_back(std::move(reading));
  }
  return readings;
}

}  // namespace metergate
