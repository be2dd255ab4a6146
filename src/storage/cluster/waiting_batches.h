// WaitingBatches: the batches of apply() callers until each has its answer, between the callers'
// threads and the one that decides.
//
// A caller stops waiting after a while. Until its batch is sent it can be sure that nothing was
// written; afterwards the batch may still be written, and its documents are then told as changed by
// another. Safe from any thread.
#pragma once

#include <condition_variable>
#include <deque>
#include <future>
#include <memory>
#include <mutex>
#include <vector>

#include "storage/engine/view_store.h"

namespace metergate {

struct WaitingBatch {
  Batch batch;
  ViewStore::Prepared prepared;
  bool is_like_others = true;  // Decider::is_like_others()
  std::promise<Result<Commit>> answer{};
  enum class State : std::uint8_t { waiting, sent, given_up, answered } state = State::waiting;
  bool has_left = false;  // its caller waits no more
};

class WaitingBatches {
 public:
  using Group = std::vector<std::shared_ptr<WaitingBatch>>;

  // Adds a batch and waits for its answer, at most that long.
  Result<Commit> ask(std::shared_ptr<WaitingBatch> batch, Milliseconds within);
  // For the deciding thread: those to decide next, oldest first, that may be in one entry. They
  // stay with the caller until they are answered.
  void add_next(Group& group);
  // Removes those whose callers have left; false if the group is now empty.
  bool drop_given_up(Group& group);
  // From now on their fate may be unknown; false if one was given up meanwhile.
  bool mark_sent(const Group& group);
  void mark_waiting(const Group& group);
  // True if the caller had left.
  bool answer(WaitingBatch& batch, Result<Commit> commit);
  // Answers all that wait, and every later one, with this error.
  void close(const Error& error);
  bool is_closed() const;
  // Waits for a batch, or that long; false once stop() was called.
  bool wait(Milliseconds most);
  // The same, but for the time alone.
  bool pause(Milliseconds time);
  void stop();

 private:
  static constexpr std::size_t kWaitingMax = 4096;
  static constexpr std::size_t kInEntryMax = 256;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<WaitingBatch>> waiting_;
  std::optional<Error> closed_;
  bool is_stopping_ = false;
};

}  // namespace metergate
