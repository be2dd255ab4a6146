// The spare segments of the journal: free ones, prepared ahead by a thread of its own, so that
// neither an append nor a sync waits for room, and a full disk is met here first. Owns that thread.
// take() is called by the committing thread; everything else from any.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>

#include "base/result.h"

namespace metergate {

class SpareSegments {
 public:
  struct Options {
    std::filesystem::path folder;
    std::int64_t bytes = 0;
    std::uint64_t next_number = 1;
  };

  SpareSegments(Options options, std::deque<std::uint64_t> free);
  ~SpareSegments();
  SpareSegments(const SpareSegments&) = delete;
  SpareSegments& operator=(const SpareSegments&) = delete;

  // Before start(): makes sure that there are at least `count`.
  Result<> prepare(std::size_t count);
  void start();

  // ErrorCode::storage where the disk has no room for a second one, ErrorCode::overloaded where the
  // first is still being prepared.
  Result<> admits() const;
  // As admits(), once there are two or there is no room for them: waits for the thread.
  Result<> admits_soon() const;
  // The number of the oldest; there is one whenever admits() was asked before the frame was taken.
  std::uint64_t take();
  // Room was made: does not wait to try again.
  void retry();

 private:
  void prepare_until_stopped();
  Result<bool> prepare_next();

  const Options options_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  mutable std::condition_variable tried_;  // the thread has made one, or has not
  std::deque<std::uint64_t> free_;
  std::uint64_t next_number_;
  std::optional<Error> failure_;  // of the last try
  bool is_retrying_ = false;
  std::atomic<bool> is_stopping_ = false;
  std::thread thread_;
};

}  // namespace metergate
