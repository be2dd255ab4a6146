// PackedEvents: the events of a sealed segment on their way to the archive, in little memory:
// encoded one behind the other, and beside them only what they are sorted by. As values they would
// take ten times the room of the segment that they come from. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "storage/archive.h"

namespace metergate {

class PackedEvents {
 public:
  PackedEvents() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): the same events in another form.
  PackedEvents(const std::vector<ArchivedEvent>& events);

  void add(const ArchivedEvent& event);
  std::size_t size() const { return entries_.size(); }
  // Into the order of the archive: by tenant, time, sequence, index.
  void sort();
  Result<ArchivedEvent> at(std::size_t which) const;

 private:
  struct Entry {
    std::uint32_t tenant;  // a number by the tenant's first event; after sort() its rank
    std::uint32_t index;
    Timestamp at;
    std::uint64_t sequence;
    std::uint32_t chunk;
    std::uint32_t offset;
    std::uint32_t size;
  };
  std::uint32_t number_of(const TenantId& tenant);

  std::vector<std::string> chunks_;
  std::vector<Entry> entries_;
  std::unordered_map<std::string, std::uint32_t> tenants_;
};

}  // namespace metergate
