// EventIds: the counted events of open periods, as keyed hashes, so that nobody can make two ids
// collide on purpose. A hash table with open addressing: 32 bytes a slot. Not safe from several
// threads: the view guards it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/crypto.h"
#include "domain/usage_event.h"

namespace metergate {

struct EventId {
  Hash128 hash;                   // of tenant, source and id
  std::uint64_t fingerprint = 0;  // of the content
};

EventId id_of(const UsageEvent& event, const HashKey& key);
// True if this event, with this id, has the content that `counted` is the fingerprint of. Older
// events have fingerprints that include their time, so both forms are tried.
bool is_same_content(std::uint64_t counted, const UsageEvent& event, const EventId& id,
                     const HashKey& key);
// One for each event; empty for our own events, which are never looked up.
std::vector<EventId> ids_of(std::span<const UsageEvent> events, const HashKey& key);

class EventIds {
 public:
  struct Entry {
    EventId id;
    std::int32_t period = 0;
  };

  // The fingerprint with which the id was counted in a period after `closed_through`.
  std::optional<std::uint64_t> find(const Hash128& hash, std::int32_t closed_through) const;
  void add(const EventId& id, std::int32_t period);
  std::size_t size() const { return size_; }
  // Makes room for this many ids.
  void reserve(std::size_t size);
  // Prefetches the slots that find() and add() will read.
  void prefetch(const Hash128& hash) const {
    if (!slots_.empty()) __builtin_prefetch(&slots_[hash.low & (slots_.size() - 1)]);
  }

  // Calls `visit` for each entry, in no order.
  template <class Visit>
  void for_each(const Visit& visit) const {
    for (const Entry& slot : slots_) {
      if (slot.period != kFree) visit(slot);
    }
  }

 private:
  static constexpr std::int32_t kFree = INT32_MIN;
  static bool is_full(std::size_t size, std::size_t slots) { return size * 10 > slots * 7; }
  void resize(std::size_t slots);
  std::vector<Entry> slots_;
  std::size_t size_ = 0;
};

}  // namespace metergate
