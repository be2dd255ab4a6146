// Counts kept events for a new meter of a ViewStore; see view_store.h.
//
// The events are read without the lock, which takes a while for many events. With the lock held,
// only those that came meanwhile are read, or all if one was voided meanwhile.
#include <mutex>

#include "storage/engine/view_store.h"
#include "storage/shapes/meter_shapes.h"

namespace metergate {
namespace {

// Called with the view's lock held.
Result<VoidedEvents> voided_from(const View& view, Timestamp from, const TimeZone& zone) {
  VoidedEvents voided;
  const auto& newest = view.state().newest_period;
  if (!newest) return voided;
  for (Period at = Period::of(from, zone); at <= *newest; at = at.next())
    voided.merge(TRY(voided_events(view, at)));
  return voided;
}

// Counts as the meter will once it exists: only its start matters, not the batch.
CountedMeter counted_back(const OwnMeter& meter, Timestamp from) {
  CountedMeter counted;
  counted.meter = meter;
  counted.since = UINT64_MAX;
  counted.from = from;
  counted.value_path = parse_path(meter.value_path).value_or(DataPath{});
  for (const Dimension& dimension : meter.group_by)
    counted.group_paths.push_back(parse_path(dimension.path).value_or(DataPath{}));
  return counted;
}

}  // namespace

Result<> ViewStore::count_kept(Backfill& backfill, Sequence after, Sequence through,
                               const VoidedEvents& voided) const {
  const EventRange range{std::nullopt, {*backfill.meter().from, kTimestampMax}};
  return history_->for_each_after(after, range, [&](const ArchivedEvent& archived) {
    if (archived.sequence <= through && !voided.contains({archived.sequence, archived.index}))
      backfill.add(archived);
    return !backfill.is_too_large();
  });
}

Result<ViewStore::CountedBack> ViewStore::count_kept(CountedMeter meter) const {
  CountedBack counted{Backfill(std::move(meter), options_.zone, options_.key), 0, 0};
  VoidedEvents voided;
  {
    const std::shared_lock lock(mutex_);
    counted.through = head_;
    counted.last_void = last_void_;
    voided = TRY(voided_from(*view_, *counted.backfill.meter().from, options_.zone));
  }
  TRY(count_kept(counted.backfill, 0, counted.through, voided));
  return counted;
}

Result<std::vector<MeterMonth>> ViewStore::count_back(const OwnMeter& meter, Timestamp from) const {
  return TRY(count_kept(counted_back(meter, from))).backfill.months();
}

Result<std::vector<ViewStore::CountedBack>> ViewStore::prepare_backfills(const Batch& batch) const {
  std::vector<CountedBack> prepared;
  for (const DocumentWrite& write : batch.documents) {
    if (write.collection != Collection::meters || !write.document) continue;
    const std::optional<Timestamp> from = write.document->timestamp_at(kMeterFrom);
    if (!from || write.expect != Expect::absent) continue;
    const Result<MeterRecord> record = meter_from(*write.document);
    if (!record) continue;  // refused later, when it is decided
    prepared.push_back(TRY(count_kept(counted_back(record->meter, *from))));
  }
  return prepared;
}

Result<> ViewStore::finish_backfills(DecidedBatch& batch, std::vector<CountedBack> prepared) const {
  for (CountedBack& counted : prepared) {
    const Timestamp from = *counted.backfill.meter().from;
    const auto& closed = view_->state().closed_through;
    if (closed && from < closed->window(options_.zone).end)
      return fail(ErrorCode::conflict,
                  "the period " + closed->text() + " was closed meanwhile: try again");
    const VoidedEvents voided = TRY(voided_from(*view_, from, options_.zone));
    if (counted.last_void != last_void_) {
      counted.backfill = Backfill(counted.backfill.meter(), options_.zone, options_.key);
      counted.through = 0;
    }
    TRY(count_kept(counted.backfill, counted.through, head_, voided));
    for (BackfilledCell& cell : TRY(counted.backfill.cells()))
      batch.backfilled.push_back(std::move(cell));
  }
  return {};
}

}  // namespace metergate
