#include "storage/cluster/waiting_batches.h"

#include <algorithm>

namespace metergate {

using State = WaitingBatch::State;

Result<Commit> WaitingBatches::ask(std::shared_ptr<WaitingBatch> batch, Milliseconds within) {
  std::future<Result<Commit>> answer = batch->answer.get_future();
  {
    const std::scoped_lock lock(mutex_);
    if (closed_) return std::unexpected(*closed_);
    if (waiting_.size() >= kWaitingMax)
      return fail(ErrorCode::overloaded, "too much is waiting for the database");
    waiting_.push_back(batch);
  }
  changed_.notify_all();
  if (answer.wait_for(within) == std::future_status::ready) return answer.get();
  const std::scoped_lock lock(mutex_);
  if (batch->state == State::answered) return answer.get();
  batch->has_left = true;
  if (batch->state == State::sent)
    return fail(ErrorCode::overloaded,
                "the database has not confirmed this in time: it may still be written, so look "
                "before you do it again (events with the same id count once)");
  batch->state = State::given_up;
  std::erase(waiting_, batch);
  return fail(ErrorCode::overloaded, "the database does not answer: nothing was written");
}

void WaitingBatches::add_next(Group& group) {
  const std::scoped_lock lock(mutex_);
  while (!waiting_.empty() && group.size() < kInEntryMax) {
    const bool fits =
        group.empty() || (waiting_.front()->is_like_others && group.front()->is_like_others);
    if (!fits) return;
    group.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
}

bool WaitingBatches::drop_given_up(Group& group) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(group, [](const auto& batch) { return batch->state == State::given_up; });
  return !group.empty();
}

bool WaitingBatches::mark_sent(const Group& group) {
  const std::scoped_lock lock(mutex_);
  const auto is_given_up = [](const auto& batch) { return batch->state == State::given_up; };
  if (std::ranges::any_of(group, is_given_up)) return false;
  for (const auto& batch : group) batch->state = State::sent;
  return true;
}

void WaitingBatches::mark_waiting(const Group& group) {
  const std::scoped_lock lock(mutex_);
  for (const auto& batch : group) batch->state = batch->has_left ? State::given_up : State::waiting;
}

bool WaitingBatches::answer(WaitingBatch& batch, Result<Commit> commit) {
  const std::scoped_lock lock(mutex_);
  batch.state = State::answered;
  batch.answer.set_value(std::move(commit));
  return batch.has_left;
}

void WaitingBatches::close(const Error& error) {
  Group group;
  {
    const std::scoped_lock lock(mutex_);
    closed_ = error;
    group.assign(waiting_.begin(), waiting_.end());
    waiting_.clear();
  }
  for (const auto& batch : group) answer(*batch, std::unexpected(error));
}

bool WaitingBatches::is_closed() const {
  const std::scoped_lock lock(mutex_);
  return closed_.has_value();
}

bool WaitingBatches::wait(Milliseconds most) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, most, [this] { return is_stopping_ || !waiting_.empty(); });
  return !is_stopping_;
}

bool WaitingBatches::pause(Milliseconds time) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, time, [this] { return is_stopping_; });
  return !is_stopping_;
}

void WaitingBatches::stop() {
  {
    const std::scoped_lock lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
}

}  // namespace metergate
