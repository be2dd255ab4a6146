// Changing: a value that may be replaced while others read it. What was read stays good for as long
// as the Changing lives, since each value before is kept: for what an operator changes now and
// then, never for what callers can.
//
// Reading costs one load. Any thread; changes take turns.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace metergate {

template <class T>
class Changing {
 public:
  Changing() { put(T{}); }
  Changing(T value) { put(std::move(value)); }  // NOLINT: it stands where a T stood
  Changing(const Changing& other) { put(other.get()); }
  Changing& operator=(const Changing& other) {
    if (this != &other) put(other.get());
    return *this;
  }
  Changing& operator=(T value) {
    put(std::move(value));
    return *this;
  }
  ~Changing() = default;

  const T& get() const { return *now_.load(std::memory_order_acquire); }
  operator const T&() const { return get(); }  // NOLINT: likewise
  void put(T value) {
    const std::lock_guard lock{mutex_};
    kept_.push_back(std::make_unique<const T>(std::move(value)));
    now_.store(kept_.back().get(), std::memory_order_release);
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<const T>> kept_;
  std::atomic<const T*> now_{nullptr};
};

}  // namespace metergate
