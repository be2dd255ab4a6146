#include "storage/cluster/change_feed.h"

namespace metergate {

void ChangeFeed::stop() {
  {
    const std::scoped_lock lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void ChangeFeed::start(ClusterStore::Listener listener) {
  if (!listener) return stop();
  {
    const std::scoped_lock lock(mutex_);
    is_started_ = true;
  }
  thread_ = std::thread([this, listener = std::move(listener)] { run(listener); });
}

void ChangeFeed::add(const std::vector<ClusterStore::DocumentName>& names) {
  if (names.empty()) return;
  std::unique_lock lock(mutex_);
  // A command has no listener and ends soon.
  if (!is_started_ && waiting_.size() >= kWaitingMax) return;
  changed_.wait(lock, [this] { return is_stopping_ || waiting_.size() < kWaitingMax; });
  waiting_.insert(names.begin(), names.end());
  changed_.notify_all();
}

void ChangeFeed::run(const ClusterStore::Listener& listener) {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return is_stopping_ || !waiting_.empty(); });
    if (is_stopping_) return;
    const std::vector<ClusterStore::DocumentName> changed(waiting_.begin(), waiting_.end());
    waiting_.clear();
    changed_.notify_all();
    lock.unlock();
    listener(changed);
    lock.lock();
  }
}

}  // namespace metergate
