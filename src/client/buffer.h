// The events that are not recorded yet, waiting or being sent, and the counts of all events.
// Bounded by number and bytes; an event leaves only by settle(). Any thread may call track(); only
// the sender's thread takes events out. Always: tracked = recorded + refused + dropped + waiting.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "client/time.h"
#include "metergate/client.h"

namespace metergate::client {

class Buffer {
 public:
  struct Bounds {
    std::size_t events_max;
    std::size_t bytes_max;
    std::size_t batch_events_max;
    std::size_t batch_bytes_max;
    std::chrono::milliseconds batch_delay;
    std::chrono::milliseconds block_max;  // zero: a full buffer drops at once
  };
  enum class Outcome { recorded, refused };

  explicit Buffer(const Bounds& bounds) : bounds_(bounds) {}

  bool put(std::string event);  // false: dropped
  // Waits until a batch is due and returns it; empty once stopped. The batch before it must be
  // settled.
  std::vector<std::string> take();
  void settle(const std::vector<std::string>& events, Outcome outcome);
  // Waits between two tries. A flush ends the wait early, once, unless the server asked for the
  // pause.
  void pause(std::chrono::milliseconds length, bool is_asked_for);
  bool flush(std::chrono::milliseconds timeout);
  void stop();
  bool is_stopped() const;
  std::uint64_t take_drops();  // the number since the last call
  ClientCounts counts() const;

 private:
  bool has_room(std::size_t bytes) const;
  bool is_batch_due() const;
  struct Waiting {
    std::string event;
    Steady::time_point since;
  };
  const Bounds bounds_;
  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable room_;
  std::condition_variable finished_more_;
  std::deque<Waiting> queue_;
  std::size_t queued_bytes_ = 0;  // in the queue
  std::size_t bytes_ = 0;         // in the queue and being sent
  ClientCounts counts_;
  std::uint64_t drops_told_ = 0;
  // Events are numbered as they come in, and batches are sent in that order.
  std::uint64_t accepted_ = 0;
  std::uint64_t taken_ = 0;
  std::uint64_t finished_ = 0;  // taken and settled
  std::uint64_t flush_through_ = 0;
  std::uint64_t flushes_ = 0;
  bool is_short_of_room_ = false;  // a batch is sent early to make room
  bool is_stopped_ = false;
};

}  // namespace metergate::client
