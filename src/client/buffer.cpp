#include "client/buffer.h"

#include <algorithm>

namespace metergate::client {

bool Buffer::has_room(std::size_t bytes) const {
  return counts_.waiting < bounds_.events_max && bytes_ + bytes <= bounds_.bytes_max;
}

bool Buffer::is_batch_due() const {
  return queue_.size() >= bounds_.batch_events_max || queued_bytes_ >= bounds_.batch_bytes_max ||
         flush_through_ > finished_ || is_short_of_room_;
}

bool Buffer::put(std::string event) {
  const std::size_t bytes = event.size();
  std::unique_lock lock(mutex_);
  ++counts_.tracked;
  if (!has_room(bytes)) {
    is_short_of_room_ = true;
    work_.notify_one();
    if (bounds_.block_max.count() > 0 && bytes <= bounds_.bytes_max) {
      room_.wait_for(lock, bounds_.block_max, [&] { return has_room(bytes) || is_stopped_; });
    }
  }
  if (!has_room(bytes) || is_stopped_) {
    ++counts_.dropped;
    return false;
  }
  ++counts_.waiting;
  ++accepted_;
  bytes_ += bytes;
  queued_bytes_ += bytes;
  queue_.push_back({std::move(event), steady_now()});
  const bool wakes = queue_.size() == 1 || is_batch_due();
  lock.unlock();
  if (wakes) work_.notify_one();
  return true;
}

std::vector<std::string> Buffer::take() {
  std::unique_lock lock(mutex_);
  finished_ = taken_;
  finished_more_.notify_all();
  work_.wait(lock, [&] { return is_stopped_ || !queue_.empty(); });
  if (is_stopped_) return {};
  work_.wait_until(lock, queue_.front().since + bounds_.batch_delay,
                   [&] { return is_stopped_ || is_batch_due(); });
  if (is_stopped_) return {};
  is_short_of_room_ = false;
  std::vector<std::string> batch;
  std::size_t bytes = 0;
  while (!queue_.empty() && batch.size() < bounds_.batch_events_max) {
    const std::size_t size = queue_.front().event.size() + 1;  // with its comma
    if (!batch.empty() && bytes + size > bounds_.batch_bytes_max) break;
    bytes += size;
    queued_bytes_ -= size - 1;
    batch.push_back(std::move(queue_.front().event));
    queue_.pop_front();
  }
  taken_ += batch.size();
  return batch;
}

void Buffer::settle(const std::vector<std::string>& events, Outcome outcome) {
  {
    const std::lock_guard lock(mutex_);
    (outcome == Outcome::recorded ? counts_.recorded : counts_.refused) += events.size();
    counts_.waiting -= events.size();
    for (const std::string& event : events) bytes_ -= event.size();
  }
  room_.notify_all();
}

void Buffer::pause(std::chrono::milliseconds length, bool is_asked_for) {
  std::unique_lock lock(mutex_);
  const std::uint64_t flushes = flushes_;
  work_.wait_for(lock, length,
                 [&] { return is_stopped_ || (flushes_ != flushes && !is_asked_for); });
}

bool Buffer::flush(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  const std::uint64_t through = accepted_;
  flush_through_ = std::max(flush_through_, through);
  ++flushes_;
  work_.notify_one();
  finished_more_.wait_for(lock, timeout, [&] { return finished_ >= through || is_stopped_; });
  return finished_ >= through;
}

void Buffer::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopped_ = true;
  }
  work_.notify_all();
  room_.notify_all();
  finished_more_.notify_all();
}

bool Buffer::is_stopped() const {
  const std::lock_guard lock(mutex_);
  return is_stopped_;
}

std::uint64_t Buffer::take_drops() {
  const std::lock_guard lock(mutex_);
  const std::uint64_t drops = counts_.dropped - drops_told_;
  drops_told_ = counts_.dropped;
  return drops;
}

ClientCounts Buffer::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace metergate::client
