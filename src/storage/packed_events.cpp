#include "storage/packed_events.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>

#include "storage/codec.h"

namespace metergate {

Result<ArchivedEvent> unpack(const PackedEvent& packed) {
  Decoder from(std::string_view(packed.chunk->bytes.data() + packed.offset, packed.size));
  return ArchivedEvent{packed.sequence, packed.index, TRY(from.event())};
}

PackedEvents::PackedEvents(const std::vector<ArchivedEvent>& events) {
  const auto chunk = std::make_shared<EventChunk>();
  std::map<std::string, std::uint32_t> numbers;
  for (const ArchivedEvent& event : events) {
    const std::size_t offset = chunk->bytes.size();
    Encoder(chunk->bytes).event(event.event);
    const auto next = static_cast<std::uint32_t>(tenants_.size());
    const auto [at, is_new] = numbers.try_emplace(event.event.tenant.text(), next);
    if (is_new) tenants_.push_back(at->first);
    events_.push_back({event.event.occurred_at, event.sequence, event.index, at->second, chunk,
                       static_cast<std::uint32_t>(offset),
                       static_cast<std::uint32_t>(chunk->bytes.size() - offset)});
  }
}

void PackedEvents::sort() {
  std::vector<std::uint32_t> numbers(tenants_.size());
  for (std::uint32_t number = 0; number < numbers.size(); ++number) numbers[number] = number;
  std::ranges::sort(
      numbers, {}, [this](std::uint32_t number) -> const std::string& { return tenants_[number]; });
  std::vector<std::uint32_t> rank_of(numbers.size());
  for (std::uint32_t rank = 0; rank < numbers.size(); ++rank) rank_of[numbers[rank]] = rank;
  std::ranges::sort(events_, {}, [&rank_of](const PackedEvent& event) {
    return std::tuple{rank_of[event.tenant], event.at, event.sequence, event.index};
  });
}

}  // namespace metergate
