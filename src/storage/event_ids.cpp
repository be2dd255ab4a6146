#include "storage/event_ids.h"

#include <string>

#include "storage/codec.h"

namespace metergate {

EventId id_of(const UsageEvent& event, const HashKey& key) {
  std::string name;
  name.reserve(128);
  Encoder to(name);
  to.text(event.tenant.text());
  to.text(event.source);
  to.text(event.id);
  return {keyed_hash(key, name), keyed_hash(key, canonical_content(event)).low};
}

std::optional<std::uint64_t> EventIds::find(const Hash128& hash,
                                            std::int32_t closed_through) const {
  if (slots_.empty()) return std::nullopt;
  const std::size_t mask = slots_.size() - 1;
  // An id may stand here for a closed period and again for an open one: go on to the end of the
  // run.
  for (std::size_t i = hash.low & mask; slots_[i].period != kFree; i = (i + 1) & mask) {
    if (slots_[i].id.hash == hash && slots_[i].period > closed_through)
      return slots_[i].id.fingerprint;
  }
  return std::nullopt;
}

void EventIds::add(const EventId& id, std::int32_t period) {
  if ((size_ + 1) * 10 > slots_.size() * 7) grow();
  const std::size_t mask = slots_.size() - 1;
  std::size_t i = id.hash.low & mask;
  while (slots_[i].period != kFree) i = (i + 1) & mask;
  slots_[i] = {id, period};
  ++size_;
}

void EventIds::grow() {
  std::vector<Entry> old(slots_.empty() ? 64 : slots_.size() * 2, Entry{{}, kFree});
  old.swap(slots_);
  size_ = 0;
  for (const Entry& slot : old) {
    if (slot.period != kFree) add(slot.id, slot.period);
  }
}

}  // namespace metergate
