// The spare segments of the journal, prepared ahead by a thread, so that neither an append nor a
// sync waits for disk space, and a full disk is noticed here first. Owns that thread. The
// committing thread calls take(); any thread may call the other functions.
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

  // Called before start(): makes sure that there are at least `count`.
  Result<> prepare(std::size_t count);
  void start();

  // ErrorCode::storage if the disk has no room for a second one, ErrorCode::overloaded if the first
  // is still being prepared.
  Result<> admits() const;
  // As admits(), once there are two or no room for them: waits for the thread.
  Result<> admits_soon() const;
  // Takes the oldest one's number. There always is one if admits() was checked before the frame was
  // accepted.
  std::uint64_t take();
  // Tries again at once, because space was freed.
  void retry();

 private:
  void prepare_until_stopped();
  Result<bool> prepare_next();

  const Options options_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  mutable std::condition_variable tried_;  // the thread has made one, or failed to
  std::deque<std::uint64_t> free_;
  std::uint64_t next_number_;
  std::optional<Error> failure_;  // of the last try
  bool is_retrying_ = false;
  std::atomic<bool> is_stopping_ = false;
  std::thread thread_;
};

}  // namespace metergate
