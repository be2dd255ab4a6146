#include "storage/history/event_tail.h"

#include <algorithm>
#include <tuple>

#include "storage/bytes/codec.h"

namespace metergate {
namespace {

constexpr std::size_t kChunkBytes = 256UL << 10;

bool is_older(const PackedEvent& a, const PackedEvent& b) {
  return std::tie(a.at, a.sequence, a.index) < std::tie(b.at, b.sequence, b.index);
}

// A heap, so that the first few events come without sorting all.
class TailCursor final : public EventCursor {
 public:
  explicit TailCursor(std::vector<PackedEvent> entries) : entries_(std::move(entries)) {
    std::ranges::make_heap(entries_, is_older);
  }
  Result<std::optional<ArchivedEvent>> next() override {
    if (entries_.empty()) return std::optional<ArchivedEvent>();
    std::ranges::pop_heap(entries_, is_older);
    const PackedEvent entry = std::move(entries_.back());
    entries_.pop_back();
    return std::optional(TRY(unpack(entry)));
  }

 private:
  std::vector<PackedEvent> entries_;
};

}  // namespace

bool is_newer(const ArchivedEvent& a, const ArchivedEvent& b) {
  return std::tie(a.event.occurred_at, a.sequence, a.index) >
         std::tie(b.event.occurred_at, b.sequence, b.index);
}

void EventTail::add(std::uint64_t sequence, const DecidedBatch& batch,
                    const EncodedEvents& events) {
  std::string counted_bytes;
  const std::scoped_lock lock(mutex_);
  for (std::uint32_t index = 0; index < batch.events.size(); ++index) {
    const UsageEvent& event = batch.events[index];
    std::string_view bytes = events.at(index);
    if (const std::optional<UsageEvent> counted = counted_event(batch, index)) {
      counted_bytes.clear();
      Encoder(counted_bytes).event(*counted);
      bytes = counted_bytes;
    }
    if (!chunk_ || chunk_->bytes.capacity() - chunk_->bytes.size() < bytes.size()) {
      chunk_ = std::make_shared<EventChunk>();
      chunk_->bytes.reserve(std::max(kChunkBytes, bytes.size()));
    }
    entries_.push_back({event.occurred_at, sequence, index, number_of(event.tenant.text()), chunk_,
                        static_cast<std::uint32_t>(chunk_->bytes.size()),
                        static_cast<std::uint32_t>(bytes.size())});
    chunk_->bytes += bytes;
    newest_ = std::max(newest_, event.occurred_at);
  }
}

std::uint32_t EventTail::number_of(const std::string& tenant) {
  const auto found = tenants_.find(tenant);
  if (found != tenants_.end()) return found->second;
  return tenants_.emplace(tenant, static_cast<std::uint32_t>(tenants_.size())).first->second;
}

std::vector<PackedEvent> EventTail::select(std::uint64_t after, const EventRange& range) const {
  const std::scoped_lock lock(mutex_);
  std::vector<PackedEvent> selected;
  if (range.window.start > newest_) return selected;  // asked for whenever "until now" is
  std::optional<std::uint32_t> tenant;
  if (range.tenant) {
    const auto found = tenants_.find(range.tenant->text());
    if (found == tenants_.end()) return selected;
    tenant = found->second;
  }
  auto first = std::ranges::upper_bound(entries_, after, {}, &PackedEvent::sequence);
  std::copy_if(first, entries_.end(), std::back_inserter(selected), [&](const PackedEvent& entry) {
    return range.window.contains(entry.at) && (!tenant || entry.tenant == *tenant);
  });
  return selected;
}

Result<std::unique_ptr<EventCursor>> EventTail::newest_first(const EventRange& range) const {
  return newest_first_after(0, range);
}

Result<> EventTail::for_each(const EventRange& range,
                             const std::function<bool(const ArchivedEvent&)>& visit) const {
  return for_each_after(0, range, visit);
}

std::int64_t EventTail::event_count() const { return count_after(0); }

Result<std::unique_ptr<EventCursor>> EventTail::newest_first_after(std::uint64_t after,
                                                                   const EventRange& range) const {
  return std::make_unique<TailCursor>(select(after, range));
}

Result<> EventTail::for_each_after(std::uint64_t after, const EventRange& range,
                                   const std::function<bool(const ArchivedEvent&)>& visit) const {
  for (const PackedEvent& entry : select(after, range)) {
    if (!visit(TRY(unpack(entry)))) break;
  }
  return {};
}

std::int64_t EventTail::count_after(std::uint64_t after) const {
  const std::scoped_lock lock(mutex_);
  return entries_.end() - std::ranges::upper_bound(entries_, after, {}, &PackedEvent::sequence);
}

Result<std::int64_t> EventTail::count(const EventRange& range, std::size_t kind) const {
  return count_after(0, range, kind);
}

Result<std::int64_t> EventTail::count_after(std::uint64_t after, const EventRange& range,
                                            std::size_t kind) const {
  std::int64_t count = 0;
  TRY(for_each_after(after, range, [&](const ArchivedEvent& archived) {
    if (archived.event.fact.index() == kind) ++count;
    return true;
  }));
  return count;
}

PackedEvents EventTail::pack(std::uint64_t first, std::uint64_t last) const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::string> names(tenants_.size());
  for (const auto& [name, number] : tenants_) names[number] = name;
  return {{std::ranges::lower_bound(entries_, first, {}, &PackedEvent::sequence),
           std::ranges::upper_bound(entries_, last, {}, &PackedEvent::sequence)},
          std::move(names)};
}

void EventTail::drop_through(std::uint64_t through) {
  const std::scoped_lock lock(mutex_);
  entries_.erase(entries_.begin(),
                 std::ranges::upper_bound(entries_, through, {}, &PackedEvent::sequence));
}

Result<std::int64_t> EventTail::remove_before(Timestamp at) {
  const std::scoped_lock lock(mutex_);
  return static_cast<std::int64_t>(
      std::erase_if(entries_, [at](const PackedEvent& entry) { return entry.at < at; }));
}

}  // namespace metergate
