#include "http/slow_pool.h"

#include <utility>

namespace metergate::http {

SlowPool::SlowPool(unsigned threads, std::size_t waiting_max) : waiting_max_(waiting_max) {
  for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

SlowPool::~SlowPool() { stop(); }

bool SlowPool::reserve() {
  const std::lock_guard lock{mutex_};
  if (stopping_ || reserved_ >= waiting_max_) return false;
  ++reserved_;
  return true;
}

void SlowPool::submit_reserved(Job job) { submit({std::move(job), true}); }

void SlowPool::submit_piece(Job job) { submit({std::move(job), false}); }

void SlowPool::submit(Waiting waiting) {
  {
    const std::lock_guard lock{mutex_};
    if (stopping_) return;
    waiting_.push_back(std::move(waiting));
  }
  changed_.notify_one();
}

void SlowPool::work() {
  while (true) {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    if (next.is_reserved) --reserved_;
    lock.unlock();
    next.job();
  }
}

void SlowPool::stop() {
  std::deque<Waiting> dropped;  // destroyed without the lock: what they hold may call back
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
    dropped.swap(waiting_);
  }
  changed_.notify_all();
  threads_.clear();
}

}  // namespace metergate::http
