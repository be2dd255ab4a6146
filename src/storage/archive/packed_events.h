// PackedEvents: a segment's events on their way to the archive, in the tail's form: encoded, with
// only their sort keys beside them. As values they would take ten times the memory. One thread.
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

// Bytes of events, one after another. They are only appended to, within the capacity, so existing
// bytes never move.
struct EventChunk {
  std::string bytes;
};

struct PackedEvent {
  Timestamp at;
  std::uint64_t sequence;
  std::uint32_t index;   // within its batch
  std::uint32_t tenant;  // index in the names
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
  // `tenants`: the names by index.
  PackedEvents(std::vector<PackedEvent> events, std::vector<std::string> tenants);

  std::size_t size() const { return events_.size(); }
  // Sorts in the order of the archive: by tenant, time, sequence, index.
  void sort();
  const PackedEvent& at(std::size_t which) const { return events_.at(order_.at(which)); }
  const std::string& tenant_of(const PackedEvent& event) const { return tenants_.at(event.tenant); }

 private:
  std::vector<PackedEvent> events_;
  std::vector<std::uint32_t> order_;  // indexes in events_
  std::vector<std::string> tenants_;
};

}  // namespace metergate
