#include "storage/history/archived_history.h"

#include <algorithm>
#include <array>

#include "storage/archive/packed_events.h"

namespace metergate {
namespace {

constexpr std::size_t kFilesRemovedMax = 2;  // in one step; rewriting one takes about a second
constexpr std::size_t kPartsMax = 8;         // exceeded only if segments cannot be sealed

class MergedCursor final : public EventCursor {
 public:
  static Result<std::unique_ptr<EventCursor>> open(std::unique_ptr<EventCursor> archive,
                                                   std::unique_ptr<EventCursor> tail) {
    auto merged = std::unique_ptr<MergedCursor>(new MergedCursor);
    merged->sources_[0].cursor = std::move(archive);
    merged->sources_[1].cursor = std::move(tail);
    for (Source& source : merged->sources_) source.next = TRY(source.cursor->next());
    return merged;
  }

  Result<std::optional<ArchivedEvent>> next() override {
    Source& source = newer();
    std::optional<ArchivedEvent> event = std::move(source.next);
    if (event) source.next = TRY(source.cursor->next());
    return event;
  }

 private:
  struct Source {
    std::unique_ptr<EventCursor> cursor;
    std::optional<ArchivedEvent> next;
  };
  MergedCursor() = default;
  Source& newer() {
    auto& [first, second] = sources_;
    if (!first.next) return second;
    return second.next && is_newer(*second.next, *first.next) ? second : first;
  }
  std::array<Source, 2> sources_;
};

}  // namespace

void ArchivedHistory::add(std::uint64_t sequence, const DecidedBatch& batch,
                          const EncodedEvents& events) {
  note(sequence, batch);
  tail_.add(sequence, batch, events);
}

void ArchivedHistory::note(std::uint64_t sequence, const DecidedBatch& batch) {
  const std::lock_guard lock{mutex_};
  if (parts_.empty()) parts_.push_back({.first_sequence = sequence});
  Part& part = parts_.back();
  part.oldest_batch = std::min(part.oldest_batch, batch.at);
  for (const UsageEvent& event : batch.events)
    part.oldest_event = std::min(part.oldest_event, event.occurred_at);
  if (batch.voided)
    part.oldest_event = std::min(part.oldest_event, batch.voided->kept.event.occurred_at);
  last_sequence_ = sequence;
}

bool ArchivedHistory::may_have_older(const RetentionCut& cut) const {
  const std::lock_guard lock{mutex_};
  return std::ranges::any_of(parts_, [&cut](const Part& part) {
    return (cut.sealed_before && part.oldest_batch < *cut.sealed_before) ||
           (cut.events_before && part.oldest_event < *cut.events_before);
  });
}

void ArchivedHistory::begin_part() {
  const std::lock_guard lock{mutex_};
  if (!parts_.empty() && parts_.size() < kPartsMax)
    parts_.push_back({.first_sequence = last_sequence_ + 1});
}

// A segment may move from the tail to the archive during the opening. Then both are opened again,
// so that no event is read twice or missed.
Result<std::unique_ptr<EventCursor>> ArchivedHistory::newest_first(const EventRange& range) const {
  for (;;) {
    const std::uint64_t through = archived_through();
    auto tail = TRY(tail_.newest_first_after(through, range));
    auto archive = TRY(archive_->newest_first(range));
    if (through == archived_through())
      return MergedCursor::open(std::move(archive), std::move(tail));
  }
}

Result<> ArchivedHistory::for_each(const EventRange& range,
                                   const std::function<bool(const ArchivedEvent&)>& visit) const {
  std::unique_ptr<EventCursor> tail;
  std::uint64_t through = 0;
  do {
    through = archived_through();
    tail = TRY(tail_.newest_first_after(through, range));
  } while (through != archived_through());
  for (auto event = TRY(tail->next()); event; event = TRY(tail->next())) {
    if (!visit(*event)) return {};
  }
  return archive_->for_each(
      range, [&](const ArchivedEvent& event) { return event.sequence > through || visit(event); });
}

// These batches are nearly always in the tail alone.
Result<> ArchivedHistory::for_each_after(
    std::uint64_t after, const EventRange& range,
    const std::function<bool(const ArchivedEvent&)>& visit) const {
  const std::uint64_t through = archived_through();
  const auto tail = TRY(tail_.newest_first_after(after, range));
  if (through > after || through != archived_through())
    return for_each(
        range, [&](const ArchivedEvent& event) { return event.sequence <= after || visit(event); });
  for (auto event = TRY(tail->next()); event; event = TRY(tail->next())) {
    if (!visit(*event)) break;
  }
  return {};
}

// As above: a segment may move meanwhile.
Result<std::int64_t> ArchivedHistory::count(const EventRange& range, std::size_t kind) const {
  std::int64_t in_tail = 0;
  std::uint64_t through = 0;
  do {
    through = archived_through();
    in_tail = TRY(tail_.count_after(through, range, kind));
  } while (through != archived_through());
  return in_tail + TRY(archive_->count(range, {kind, through}));
}

std::int64_t ArchivedHistory::event_count() const {
  return archive_->event_count() + tail_.count_after(archived_through());
}

Result<std::int64_t> ArchivedHistory::remove_before(Timestamp at) {
  return archive_->remove_before(at, kFilesRemovedMax);
}

Result<> ArchivedHistory::seal(const JournalSegment& segment) {
  if (segment.last_sequence > archived_through()) {
    TRY(archive_->add(segment.first_sequence, segment.last_sequence,
                      tail_.pack(segment.first_sequence, segment.last_sequence)));
  }
  tail_.drop_through(segment.last_sequence);
  const std::lock_guard lock{mutex_};
  while (parts_.size() > 1 && parts_[1].first_sequence <= segment.last_sequence + 1)
    parts_.pop_front();
  return {};
}

}  // namespace metergate
