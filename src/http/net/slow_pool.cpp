#include "http/net/slow_pool.h"

#include <algorithm>
#include <utility>

namespace metergate::http {

SlowPool::SlowPool(unsigned threads, std::size_t waiting_max) : waiting_max_(waiting_max) {
  for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

SlowPool::~SlowPool() { stop(); }

bool SlowPool::reserve(const Holder& holder) {
  const std::lock_guard lock{mutex_};
  if (stopping_ || reserved_ >= waiting_max_) return false;
  std::size_t& own = by_holder_[holder.name];
  if (own >= std::max<std::size_t>(1, part_of(waiting_max_, holder.standing))) return false;
  ++own;
  ++reserved_;
  return true;
}

void SlowPool::submit_reserved(std::string holder, Job job) {
  submit({std::move(job), std::move(holder)});
}

void SlowPool::submit_piece(Job job) { submit({std::move(job), {}}); }

// Called with the lock held.
void SlowPool::give_back(const std::string& holder) {
  if (holder.empty()) return;
  --reserved_;
  const auto own = by_holder_.find(holder);
  if (--own->second == 0) by_holder_.erase(own);
}

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
    give_back(next.holder);
    lock.unlock();
    next.job();
  }
}

void SlowPool::stop() {
  std::deque<Waiting> dropped;  // destroyed without the lock, since they may call back
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
    dropped.swap(waiting_);
  }
  changed_.notify_all();
  threads_.clear();
}

}  // namespace metergate::http
