// Wake: lets a coroutine wait until other code on its thread wakes it. The woken coroutine checks
// itself whether it can go on. One may wait at a time; a wake-up without a waiter is lost. On its
// loop's thread only.
#pragma once

#include <functional>
#include <utility>

#include "http/net/task.h"

namespace metergate::http {

class Wake {
 public:
  explicit Wake(Executor executor) : executor_(std::move(executor)) {}

  // Returns an awaitable.
  auto wait() {
    return asio::async_initiate<const AwaitToken, void()>(
        [this](auto go_on) { waiting_ = std::move(go_on); }, kAwait);
  }

  // The coroutine continues after the code that runs now.
  void wake() {
    if (waiting_ != nullptr) asio::post(executor_, std::exchange(waiting_, nullptr));
  }

 private:
  Executor executor_;
  std::move_only_function<void()> waiting_;
};

}  // namespace metergate::http
