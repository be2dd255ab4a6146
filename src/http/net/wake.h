// Wake: what a coroutine waits for until something else on its thread says: go on. Whoever is woken
// looks for itself whether it can. One waits at a time; a word that comes while nobody does is
// lost. On its loop's thread only.
#pragma once

#include <functional>
#include <utility>

#include "http/net/task.h"

namespace metergate::http {

class Wake {
 public:
  explicit Wake(Executor executor) : executor_(std::move(executor)) {}

  // To be awaited.
  auto wait() {
    return asio::async_initiate<const AwaitToken, void()>(
        [this](auto go_on) { waiting_ = std::move(go_on); }, kAwait);
  }

  // The coroutine goes on after what runs now.
  void wake() {
    if (waiting_ != nullptr) asio::post(executor_, std::exchange(waiting_, nullptr));
  }

 private:
  Executor executor_;
  std::move_only_function<void()> waiting_;
};

}  // namespace metergate::http
