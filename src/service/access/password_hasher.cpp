#include "service/access/password_hasher.h"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <future>
#include <utility>

#include "base/crypto.h"
#include "base/time.h"

namespace metergate {
namespace {

// Gives it about a tenth of a busy core, and all of an idle one.
constexpr int kNiceness = 10;

Microseconds to_microseconds(const timeval& time) {
  return std::chrono::seconds{time.tv_sec} + Microseconds{time.tv_usec};
}

// The CPU time that this thread has used.
Microseconds used() {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  return to_microseconds(usage.ru_utime) + to_microseconds(usage.ru_stime);
}

}  // namespace

PasswordHasher::~PasswordHasher() {
  {
    const std::scoped_lock lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Result<std::string> PasswordHasher::hash(const std::string& password) {
  Result<std::string> hashed = std::string{};
  TRY(run([&] { hashed = hash_password(password); }));
  return hashed;
}

Result<bool> PasswordHasher::is_of(const std::string& hash, const std::string& password) {
  bool is_right = false;
  TRY(run([&] { is_right = verify_password(hash, password); }));
  return is_right;
}

Result<> PasswordHasher::run(Job job) {
  std::promise<void> done;
  std::future<void> is_done = done.get_future();
  {
    const std::scoped_lock lock(mutex_);
    if (waiting_.size() >= kWaitingMax)
      return fail(Error{.code = ErrorCode::rate_limit,
                        .message = "too many logins are waiting; try again in a second",
                        .retry_after = std::chrono::seconds{1}});
    if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
    waiting_.push_back([job = std::move(job), done = std::move(done)]() mutable {
      job();
      done.set_value();
    });
  }
  changed_.notify_one();
  is_done.wait();
  return {};
}

void PasswordHasher::work() {
  // Applies to this thread only, on Linux. If it is refused, the thread keeps its priority.
  static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNiceness));
  while (true) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return is_stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    Job next = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    const Microseconds before = used();
    next();
    const Microseconds rest = rests_ * (used() - before);
    lock.lock();
    changed_.wait_for(lock, rest, [this] { return is_stopping_; });
  }
}

}  // namespace metergate
