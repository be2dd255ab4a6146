// PasswordHasher: one thread of low priority that hashes passwords, so that a flood of logins uses
// only idle CPU time, and at most a quarter of a core. Callers wait for their result; the queue is
// bounded.
//
// The thread starts with the first password. Any thread may call.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "base/result.h"

namespace metergate {

class PasswordHasher {
 public:
  static constexpr std::size_t kWaitingMax = 16;
  // Its rest after a hash, in times of what that took: a flood gets a quarter of a core, idle or
  // not, since a process that is always busy waits for its turn among others.
  static constexpr int kRests = 3;

  explicit PasswordHasher(int rests = kRests) : rests_(rests) {}
  ~PasswordHasher();
  PasswordHasher(const PasswordHasher&) = delete;
  PasswordHasher& operator=(const PasswordHasher&) = delete;

  // ErrorCode::rate_limit if too many wait.
  Result<std::string> hash(const std::string& password);
  Result<bool> is_of(const std::string& hash, const std::string& password);

 private:
  using Job = std::move_only_function<void()>;
  Result<> run(Job job);
  void work();

  const int rests_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> waiting_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace metergate
