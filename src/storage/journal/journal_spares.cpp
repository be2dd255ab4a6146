#include "storage/journal/journal_spares.h"

#include <chrono>
#include <utility>

#include "base/check.h"
#include "storage/journal/journal_segment.h"

namespace metergate {
namespace {

constexpr std::size_t kSpares = 2;
constexpr std::chrono::seconds kRetryAfter{1};

}  // namespace

SpareSegments::SpareSegments(Options options, std::deque<std::uint64_t> free)
    : options_(std::move(options)), free_(std::move(free)), next_number_(options_.next_number) {}

SpareSegments::~SpareSegments() {
  {
    const std::lock_guard lock{mutex_};
    is_stopping_ = true;
  }
  tried_.notify_all();
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

Result<> SpareSegments::prepare(std::size_t count) {
  while (free_.size() < count) TRY(prepare_next());
  return {};
}

void SpareSegments::start() {
  thread_ = std::thread{[this] { prepare_until_stopped(); }};
}

Result<> SpareSegments::admits() const {
  const std::lock_guard lock{mutex_};
  if (free_.size() >= kSpares) return {};
  if (failure_) return fail(ErrorCode::storage, "no room for new data: " + failure_->message);
  if (!free_.empty()) return {};
  return fail(ErrorCode::overloaded, "the next segment of the journal is still being prepared");
}

Result<> SpareSegments::admits_soon() const {
  {
    std::unique_lock lock{mutex_};
    tried_.wait(lock, [this] { return free_.size() >= kSpares || failure_ || is_stopping_; });
  }
  return admits();
}

std::uint64_t SpareSegments::take() {
  std::uint64_t number = 0;
  {
    const std::lock_guard lock{mutex_};
    CHECK(!free_.empty());
    number = free_.front();
    free_.pop_front();
  }
  wake_.notify_one();
  return number;
}

void SpareSegments::retry() {
  {
    const std::lock_guard lock{mutex_};
    is_retrying_ = true;
  }
  wake_.notify_one();
}

Result<bool> SpareSegments::prepare_next() {
  const std::uint64_t number = next_number_;  // only one thread changes it
  auto made = prepare_segment(segment_path(options_.folder, number), options_.bytes, is_stopping_);
  const std::lock_guard lock{mutex_};
  failure_.reset();
  if (!made) {
    failure_ = made.error();
  } else if (*made) {
    free_.push_back(number);
    ++next_number_;
  }
  tried_.notify_all();
  return made;
}

void SpareSegments::prepare_until_stopped() {
  std::unique_lock lock{mutex_};
  while (!is_stopping_) {
    if (free_.size() >= kSpares) {
      wake_.wait(lock);
      continue;
    }
    if (failure_) {
      wake_.wait_for(lock, kRetryAfter, [this] { return is_stopping_ || is_retrying_; });
      is_retrying_ = false;
      if (is_stopping_) return;
    }
    lock.unlock();
    // A failure is kept in failure_ and reported by admits().
    [[maybe_unused]] const auto made = prepare_next();
    lock.lock();
  }
}

}  // namespace metergate
