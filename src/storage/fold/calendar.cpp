#include "storage/fold/calendar.h"

#include <algorithm>

namespace metergate {
namespace {

constexpr std::chrono::hours kOneHour{1};

Slot compute(Timestamp at, const TimeZone& zone) {
  Slot slot;
  slot.day = zone.day_of(at);
  slot.period = Period::of(slot.day);
  const auto offset = zone.offset_at(at);
  const Timestamp start = std::chrono::floor<std::chrono::hours>(at + offset) - offset;
  // After a change of clocks, a day may begin within an hour.
  slot.hour = std::max(start, zone.start_of(slot.day));
  const Timestamp end = std::min(start + kOneHour, zone.start_of(slot.day + std::chrono::days{1}));
  const bool is_plain = slot.hour <= at && at < end && zone.offset_at(slot.hour) == offset &&
                        zone.offset_at(end - Milliseconds{1}) == offset;
  slot.valid = is_plain ? Window{slot.hour, end} : Window{at, at + Milliseconds{1}};
  return slot;
}

}  // namespace

const Slot& Calendar::slot_of(Timestamp at) {
  const auto hours = std::chrono::floor<std::chrono::hours>(at).time_since_epoch().count();
  Slot& slot = slots_[static_cast<std::size_t>(hours) % slots_.size()];
  if (!slot.valid.contains(at)) slot = compute(at, zone_);
  return slot;
}

}  // namespace metergate
