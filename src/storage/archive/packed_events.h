// PackedEvents: the events of a segment on their way to the archive, as the tail holds them:
// encoded, and beside them only what they are sorted by. As values they would take ten times the
// room. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "storage/archive/archive.h"

namespace metergate {

// Bytes of events, one behind the other. They are only appended to, and within the capacity, so
// what is there never moves.
struct EventChunk {
  std::string bytes;
};

struct PackedEvent {
  Timestamp at;
  std::uint64_t sequence;
  std::uint32_t index;   // within its batch
  std::uint32_t tenant;  // its number
  std::shared_ptr<const EventChunk> chunk;
  std::uint32_t offset;
  std::uint32_t size;
  std::string_view bytes() const { return std::string_view(chunk->bytes).substr(offset, size); }
};

Result<ArchivedEvent> unpack(const PackedEvent& packed);

class PackedEvents {
 public:
  PackedEvents() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): the same events in another form.
  PackedEvents(const std::vector<ArchivedEvent>& events);
  // `tenants`: the names by their numbers.
  PackedEvents(std::vector<PackedEvent> events, std::vector<std::string> tenants);

  std::size_t size() const { return events_.size(); }
  // Into the order of the archive: by tenant, time, sequence, index.
  void sort();
  const PackedEvent& at(std::size_t which) const { return events_.at(order_.at(which)); }
  const std::string& tenant_of(const PackedEvent& event) const { return tenants_.at(event.tenant); }

 private:
  std::vector<PackedEvent> events_;
  std::vector<std::uint32_t> order_;  // of events_
  std::vector<std::string> tenants_;
};

}  // namespace metergate
