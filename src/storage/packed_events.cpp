#include "storage/packed_events.h"

#include <algorithm>
#include <tuple>

#include "storage/codec.h"

namespace metergate {
namespace {

constexpr std::size_t kChunkBytes = std::size_t{1} << 20;

}  // namespace

PackedEvents::PackedEvents(const std::vector<ArchivedEvent>& events) {
  for (const ArchivedEvent& event : events) add(event);
}

void PackedEvents::add(const ArchivedEvent& event) {
  if (chunks_.empty() || chunks_.back().size() >= kChunkBytes) {
    chunks_.emplace_back();
    chunks_.back().reserve(kChunkBytes + kChunkBytes / 16);
  }
  std::string& bytes = chunks_.back();
  const std::size_t offset = bytes.size();
  Encoder(bytes).event(event.event);
  entries_.push_back({number_of(event.event.tenant), event.index, event.event.occurred_at,
                      event.sequence, static_cast<std::uint32_t>(chunks_.size() - 1),
                      static_cast<std::uint32_t>(offset),
                      static_cast<std::uint32_t>(bytes.size() - offset)});
}

std::uint32_t PackedEvents::number_of(const TenantId& tenant) {
  const auto number = static_cast<std::uint32_t>(tenants_.size());
  return tenants_.try_emplace(tenant.text(), number).first->second;
}

void PackedEvents::sort() {
  std::vector<std::pair<std::string_view, std::uint32_t*>> names;
  names.reserve(tenants_.size());
  for (auto& [name, number] : tenants_) names.emplace_back(name, &number);
  std::ranges::sort(names, {}, &std::pair<std::string_view, std::uint32_t*>::first);
  std::vector<std::uint32_t> rank_of(names.size());
  for (std::uint32_t rank = 0; rank < names.size(); ++rank) {
    rank_of[*names[rank].second] = rank;
    *names[rank].second = rank;
  }
  for (Entry& entry : entries_) entry.tenant = rank_of[entry.tenant];
  std::ranges::sort(entries_, {}, [](const Entry& entry) {
    return std::tuple{entry.tenant, entry.at, entry.sequence, entry.index};
  });
}

Result<ArchivedEvent> PackedEvents::at(std::size_t which) const {
  const Entry& entry = entries_.at(which);
  const std::string_view chunk = chunks_[entry.chunk];
  Decoder from(chunk.substr(entry.offset, entry.size));
  return ArchivedEvent{entry.sequence, entry.index, TRY(from.event())};
}

}  // namespace metergate
