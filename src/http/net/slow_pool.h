// SlowPool: a few threads for work that must not delay the server's own: long handlers, and the
// pieces of streamed bodies.
//
// The number of waiting handlers is bounded; pieces are not counted, since a connection asks for
// one at a time and connections are bounded. Jobs that have not begun when it stops are dropped.
// Safe from any thread.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "http/words/shares.h"

namespace metergate::http {

class SlowPool {
 public:
  using Job = std::move_only_function<void()>;

  SlowPool(unsigned threads, std::size_t waiting_max);
  ~SlowPool();
  SlowPool(const SlowPool&) = delete;
  SlowPool& operator=(const SlowPool&) = delete;

  // True if another handler of the holder may wait; reserves the place for its submit(). One holder
  // has at most its part of the places.
  bool reserve(const Holder& holder);
  void submit_reserved(std::string holder, Job job);
  void submit_piece(Job job);
  // Finishes the jobs that have begun and drops the others.
  void stop();

 private:
  struct Waiting {
    Job job;
    std::string holder;  // empty: without a reserved place
  };
  void submit(Waiting waiting);
  void give_back(const std::string& holder);
  void work();

  const std::size_t waiting_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Waiting> waiting_;
  std::size_t reserved_ = 0;
  std::unordered_map<std::string, std::size_t> by_holder_;  // reserved places
  bool stopping_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace metergate::http
