#include "storage/embedded_history.h"

#include <optional>
#include <utility>

namespace metergate {
namespace {

constexpr std::size_t kFilesRemovedMax = 16;  // of one step

// The newer of what two cursors have next, again and again.
class MergedCursor final : public EventCursor {
 public:
  MergedCursor(std::unique_ptr<EventCursor> a, std::unique_ptr<EventCursor> b)
      : a_(std::move(a)), b_(std::move(b)) {}

  Result<std::optional<ArchivedEvent>> next() override {
    if (!is_started_) {
      next_a_ = TRY(a_->next());
      next_b_ = TRY(b_->next());
      is_started_ = true;
    }
    const bool takes_a = next_a_ && (!next_b_ || is_newer(*next_a_, *next_b_));
    if (takes_a) {
      auto following = TRY(a_->next());
      return std::exchange(next_a_, std::move(following));
    }
    if (!next_b_) return std::optional<ArchivedEvent>();
    auto following = TRY(b_->next());
    return std::exchange(next_b_, std::move(following));
  }

 private:
  std::unique_ptr<EventCursor> a_;
  std::unique_ptr<EventCursor> b_;
  std::optional<ArchivedEvent> next_a_;
  std::optional<ArchivedEvent> next_b_;
  bool is_started_ = false;
};

}  // namespace

Result<std::unique_ptr<EventCursor>> EmbeddedHistory::newest_first(const EventRange& range) const {
  // A segment may reach the archive between the two looks: then both are taken again.
  while (true) {
    const std::uint64_t through = archived_through();
    std::unique_ptr<EventCursor> newer = TRY(tail_.newest_first_after(through, range));
    std::unique_ptr<EventCursor> older = TRY(archive_->newest_first(range));
    if (through == archived_through())
      return std::make_unique<MergedCursor>(std::move(newer), std::move(older));
  }
}

Result<> EmbeddedHistory::for_each(const EventRange& range,
                                   const std::function<bool(const ArchivedEvent&)>& visit) const {
  const std::unique_ptr<EventCursor> cursor = TRY(newest_first(range));
  while (const auto event = TRY(cursor->next())) {
    if (!visit(*event)) break;
  }
  return {};
}

std::int64_t EmbeddedHistory::event_count() const {
  return archive_->event_count() + tail_.count_after(archived_through());
}

Result<std::int64_t> EmbeddedHistory::remove_before(Timestamp at) {
  return archive_->remove_before(at, kFilesRemovedMax);
}

Result<> EmbeddedHistory::move_to_archive(std::uint64_t first, std::uint64_t last,
                                          std::vector<ArchivedEvent> events) {
  TRY(archive_->add(first, last, std::move(events)));
  tail_.drop_through(last);
  return {};
}

}  // namespace metergate
