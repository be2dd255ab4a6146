#include "storage/archive/archive_cursor.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace metergate {
namespace {

constexpr std::size_t kFirstStep = 64;
constexpr std::size_t kStepMax = 4096;

// An event found by its key: its block and index.
struct Place {
  EventKey key;
  std::uint32_t block = 0;
  std::uint32_t position = 0;
};

bool is_younger(const Place& a, const Place& b) { return a.key > b.key; }

// Keeps the newest of the offered places, at most `room`.
class NewestPlaces {
 public:
  explicit NewestPlaces(std::size_t room) : room_(room) { places_.reserve(2 * room); }

  void offer(const Place& place) {
    if (is_full_ && place.key < least_) return;
    places_.push_back(place);
    if (places_.size() == 2 * room_) cut();
  }
  // True if an event this old would not be kept any more.
  bool is_beyond(Timestamp newest) const { return is_full_ && newest < least_.at; }

  std::vector<Place> take() {
    if (places_.size() > room_) cut();
    std::ranges::sort(places_, is_younger);
    return std::move(places_);
  }

 private:
  void cut() {
    const auto last = places_.begin() + static_cast<std::ptrdiff_t>(room_) - 1;
    std::ranges::nth_element(places_, last, is_younger);
    least_ = last->key;
    is_full_ = true;
    places_.resize(room_);
  }

  std::size_t room_;
  std::vector<Place> places_;
  EventKey least_;  // the least of those kept
  bool is_full_ = false;
};

// One file's events of the range, newest first.
class FileEvents {
 public:
  FileEvents(std::shared_ptr<ArchiveFile> file, const EventRange& range)
      : file_(std::move(file)), range_(range), blocks_(file_->blocks_of(range)) {
    const auto newest = [this](std::uint32_t block) { return file_->blocks()[block].newest; };
    std::ranges::sort(blocks_, std::greater{}, newest);
    if (!blocks_.empty()) head_.at = newest(blocks_.front());
  }

  bool is_at_end() const { return ready_.empty() && blocks_.empty(); }
  // True if head() is the key of an event at hand; otherwise it is an upper bound on the rest.
  bool is_known() const { return !ready_.empty(); }
  const EventKey& head() const { return head_; }

  ArchivedEvent take() {
    ArchivedEvent event = std::move(ready_.back());
    ready_.pop_back();
    if (!ready_.empty()) head_ = key_of(ready_.back());
    return event;
  }

  // Loads the next events; is_at_end() if there are none.
  Result<> refill() {
    if (!opened_) {
      opened_ = TRY(file_->open_to_read());
      if (!opened_) blocks_.clear();
    }
    if (blocks_.empty()) return {};
    const std::vector<Place> places = TRY(find());
    if (places.size() < step_) blocks_.clear();  // these are all that are left
    if (places.empty()) return {};
    TRY(make_ready(places));
    taken_through_ = places.back().key;
    head_ = places.front().key;
    step_ = std::min(2 * step_, kStepMax);
    return {};
  }

 private:
  bool is_wanted(const EventKey& key) const {
    return range_.window.contains(key.at) && (!taken_through_ || key < *taken_through_);
  }

  Result<std::vector<Place>> find() const {
    NewestPlaces found{step_};
    for (const std::uint32_t which : blocks_) {
      const BlockEntry& block = file_->blocks()[which];
      if (found.is_beyond(block.newest)) break;  // all later blocks are older too
      if (taken_through_ && block.oldest > taken_through_->at) continue;
      const BlockKeys keys = TRY(file_->read_keys(*opened_, block));
      std::size_t begin = 0;
      for (const TenantRun& run : keys.tenants) {
        const bool is_right = !range_.tenant || run.tenant == *range_.tenant;
        for (std::size_t i = begin; is_right && i < run.end; ++i) {
          if (!is_wanted(keys.keys[i])) continue;
          found.offer({keys.keys[i], which, static_cast<std::uint32_t>(i)});
        }
        begin = run.end;
      }
    }
    return found.take();
  }

  Result<> make_ready(const std::vector<Place>& places) {
    std::map<std::uint32_t, std::vector<std::uint32_t>> wanted;
    for (const Place& place : places) wanted[place.block].push_back(place.position);
    for (auto& [which, positions] : wanted) {
      std::ranges::sort(positions);
      const BlockEntry& block = file_->blocks()[which];
      const BlockKeys keys = TRY(file_->read_keys(*opened_, block));
      auto events = TRY(file_->read_events(*opened_, block, keys, positions));
      std::ranges::move(events, std::back_inserter(ready_));
    }
    std::ranges::sort(ready_, {}, key_of);  // taken from the end
    return {};
  }

  std::shared_ptr<ArchiveFile> file_;
  EventRange range_;
  std::vector<std::uint32_t> blocks_;  // newest first
  std::optional<File> opened_;
  std::vector<ArchivedEvent> ready_;
  std::optional<EventKey> taken_through_;
  // The next event's key if it is loaded; otherwise an upper bound on the remaining keys.
  EventKey head_{.sequence = UINT64_MAX, .index = UINT32_MAX};
  std::size_t step_ = kFirstStep;
};

class NewestFirst final : public EventCursor {
 public:
  NewestFirst(const std::vector<std::shared_ptr<ArchiveFile>>& files, const EventRange& range) {
    for (const auto& file : files) {
      FileEvents events{file, range};
      if (!events.is_at_end()) files_.push_back(std::move(events));
    }
    std::ranges::make_heap(files_, is_older);
  }

  Result<std::optional<ArchivedEvent>> next() override {
    while (!files_.empty()) {
      std::ranges::pop_heap(files_, is_older);
      FileEvents& file = files_.back();
      std::optional<ArchivedEvent> event;
      if (file.is_known()) {
        event = file.take();
      } else {
        TRY(file.refill());
      }
      if (file.is_at_end()) {
        files_.pop_back();
      } else {
        std::ranges::push_heap(files_, is_older);
      }
      if (event) return event;
    }
    return std::nullopt;
  }

 private:
  static bool is_older(const FileEvents& a, const FileEvents& b) { return a.head() < b.head(); }

  std::vector<FileEvents> files_;  // a heap with the newest head on top
};

}  // namespace

std::unique_ptr<EventCursor> make_newest_first(
    const std::vector<std::shared_ptr<ArchiveFile>>& files, const EventRange& range) {
  return std::make_unique<NewestFirst>(files, range);
}

}  // namespace metergate
