// PasswordHasher: one thread of low priority that hashes passwords, so that a flood of logins uses
// only idle CPU time. Callers wait for their result; the queue is bounded.
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

  PasswordHasher() = default;
  ~PasswordHasher();
  PasswordHasher(const PasswordHasher&) = delete;
  PasswordHasher& operator=(const PasswordHasher&) = delete;

  // ErrorCode::overloaded if too many wait.
  Result<std::string> hash(const std::string& password);
  Result<bool> is_of(const std::string& hash, const std::string& password);

 private:
  using Job = std::move_only_function<void()>;
  Result<> run(Job job);
  void work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> waiting_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace metergate
