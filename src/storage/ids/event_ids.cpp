#include "storage/ids/event_ids.h"

#include <algorithm>
#include <string>

#include "storage/bytes/codec.h"

namespace metergate {

EventId id_of(const UsageEvent& event, const HashKey& key) {
  return ids_of(std::span(&event, 1), key).front();
}

bool is_same_content(std::uint64_t counted, const UsageEvent& event, const EventId& id,
                     const HashKey& key) {
  return counted == id.fingerprint ||
         counted == keyed_hash(key, canonical_content_with_time(event)).low;
}

std::vector<EventId> ids_of(std::span<const UsageEvent> events, const HashKey& key) {
  std::vector<EventId> ids;
  ids.reserve(events.size());
  std::string text;
  for (const UsageEvent& event : events) {
    EventId id;
    if (!event.is_ours) {
      text.clear();
      Encoder to(text);
      to.text(event.tenant.text());
      to.text(event.source);
      to.text(event.id);
      id.hash = keyed_hash(key, text);
      canonical_content(event, text);
      id.fingerprint = keyed_hash(key, text).low;
    }
    ids.push_back(id);
  }
  return ids;
}

std::optional<std::uint64_t> EventIds::find(const Hash128& hash,
                                            std::int32_t closed_through) const {
  if (slots_.empty()) return std::nullopt;
  const std::size_t mask = slots_.size() - 1;
  // An id may be here for a closed period and again for an open one: continue to the end of the
  // run.
  for (std::size_t i = hash.low & mask; slots_[i].period != kFree; i = (i + 1) & mask) {
    if (slots_[i].id.hash == hash && slots_[i].period > closed_through)
      return slots_[i].id.fingerprint;
  }
  return std::nullopt;
}

void EventIds::add(const EventId& id, std::int32_t period) {
  if (is_full(size_ + 1, slots_.size())) reserve(size_ + 1);
  const std::size_t mask = slots_.size() - 1;
  std::size_t i = id.hash.low & mask;
  while (slots_[i].period != kFree) i = (i + 1) & mask;
  slots_[i] = {id, period};
  ++size_;
}

void EventIds::reserve(std::size_t size) {
  std::size_t slots = std::max<std::size_t>(slots_.size(), 64);
  while (is_full(size, slots)) slots *= 2;
  if (slots > slots_.size()) resize(slots);
}

void EventIds::resize(std::size_t slots) {
  std::vector<Entry> old(slots, Entry{{}, kFree});
  old.swap(slots_);
  size_ = 0;
  for (const Entry& slot : old) {
    if (slot.period != kFree) add(slot.id, slot.period);
  }
}

}  // namespace metergate
