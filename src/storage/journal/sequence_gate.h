// SequenceGate: an advancing sequence with waiting callbacks. Any thread may wait or advance.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace metergate {

class SequenceGate {
 public:
  explicit SequenceGate(std::uint64_t reached) : reached_(reached) {}

  std::uint64_t reached() const { return reached_.load(std::memory_order_acquire); }

  // Calls `then` at once if the sequence is reached, otherwise from the thread that advances to it,
  // without a lock held; callbacks of one thread are called in the order of their sequences.
  void when(std::uint64_t sequence, std::move_only_function<void()> then) {
    {
      const std::lock_guard lock{mutex_};
      if (reached() < sequence) {
        waiting_.emplace(sequence, std::move(then));
        return;
      }
    }
    then();
  }

  // Does nothing for a sequence that was already passed.
  void advance(std::uint64_t sequence) {
    std::vector<std::move_only_function<void()>> due;
    {
      const std::lock_guard lock{mutex_};
      if (sequence <= reached()) return;
      reached_.store(sequence, std::memory_order_release);
      if (waiting_.empty()) return;
      const auto end = waiting_.upper_bound(sequence);
      for (auto at = waiting_.begin(); at != end; ++at) due.push_back(std::move(at->second));
      waiting_.erase(waiting_.begin(), end);
    }
    for (auto& then : due) then();
  }

 private:
  std::mutex mutex_;
  std::atomic<std::uint64_t> reached_;
  std::multimap<std::uint64_t, std::move_only_function<void()>> waiting_;
};

}  // namespace metergate
