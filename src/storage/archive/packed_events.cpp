#include "storage/archive/packed_events.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>
#include <utility>

#include "storage/bytes/codec.h"

namespace metergate {

Result<ArchivedEvent> unpack(const PackedEvent& packed) {
  Decoder from(packed.bytes());
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
    order_.push_back(static_cast<std::uint32_t>(order_.size()));
  }
}

PackedEvents::PackedEvents(std::vector<PackedEvent> events, std::vector<std::string> tenants)
    : events_(std::move(events)), order_(events_.size()), tenants_(std::move(tenants)) {
  std::iota(order_.begin(), order_.end(), 0U);
}

// After distributing them to the tenants, each tenant's events are nearly always in order already.
void PackedEvents::sort() {
  std::vector<std::uint32_t> numbers(tenants_.size());
  std::iota(numbers.begin(), numbers.end(), 0U);
  std::ranges::sort(
      numbers, {}, [this](std::uint32_t number) -> const std::string& { return tenants_[number]; });
  std::vector<std::uint32_t> ends(tenants_.size());
  for (const PackedEvent& event : events_) ++ends[event.tenant];
  std::uint32_t start = 0;
  for (const std::uint32_t number : numbers) start += std::exchange(ends[number], start);
  for (std::uint32_t i = 0; i < events_.size(); ++i) order_[ends[events_[i].tenant]++] = i;

  const auto is_before = [this](std::uint32_t a, std::uint32_t b) {
    const auto place = [](const PackedEvent& event) {
      return std::tie(event.at, event.sequence, event.index);
    };
    return place(events_[a]) < place(events_[b]);
  };
  auto first = order_.begin();
  for (const std::uint32_t number : numbers) {
    const auto last = order_.begin() + ends[number];
    if (!std::is_sorted(first, last, is_before)) std::sort(first, last, is_before);
    first = last;
  }
}

}  // namespace metergate
