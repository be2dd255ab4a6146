#include "workers/delivery.h"

#include <algorithm>
#include <utility>

namespace metergate {
namespace {

constexpr Milliseconds kDueEvery{250};
constexpr Milliseconds kAfterRefusal{1000};
constexpr std::chrono::seconds kGrace{3};

AttemptEnd end_of(http::OutboundEnd end) {
  switch (end) {
    case http::OutboundEnd::answered:
      return AttemptEnd::answered;
    case http::OutboundEnd::refused:
      return AttemptEnd::not_sent;
    case http::OutboundEnd::failed:
    case http::OutboundEnd::timed_out:
      return AttemptEnd::failed;
    case http::OutboundEnd::stopped:
      return AttemptEnd::interrupted;
  }
  return AttemptEnd::failed;
}

AttemptOutcome outcome_of(http::OutboundAnswer answer) {
  return {end_of(answer.end),        answer.status,  answer.retry_after, std::move(answer.problem),
          std::move(answer.excerpt), answer.duration};
}

}  // namespace

void DeliveryWorker::start() {
  services_.deliveries.set_listener([this] { wake(); });
  thread_ = std::jthread{[this] { run(); }};
}

void DeliveryWorker::stop() {
  if (!thread_.joinable()) return;
  services_.deliveries.set_listener({});
  {
    std::unique_lock lock{mutex_};
    is_stopping_ = is_woken_ = true;
    changed_.notify_all();
    changed_.wait_for(lock, kGrace, [this] { return under_way_ == 0; });
  }
  outbound_.stop();
  thread_.join();
}

void DeliveryWorker::wake() {
  const std::lock_guard lock{mutex_};
  is_woken_ = true;
  changed_.notify_all();
}

void DeliveryWorker::run() {
  while (true) {
    record_finished();
    if (has_ended()) return;
    claim_due();
    wait_for_work();
  }
}

bool DeliveryWorker::has_ended() {
  const std::lock_guard lock{mutex_};
  // A refused outcome is not waited for: the next start finds its claim.
  return is_stopping_ && under_way_ == finished_.size();
}

void DeliveryWorker::wait_for_work() {
  const std::optional<Timestamp> due = services_.deliveries.next_due();
  std::unique_lock lock{mutex_};
  Milliseconds wait = is_refused_ ? kAfterRefusal : kDueEvery;
  const bool has_room = under_way_ < kUnderWayMax && !is_stopping_;
  if (due && has_room && !is_refused_) {
    wait = std::clamp(*due - services_.clock.now(), Milliseconds{0}, wait);
  }
  changed_.wait_for(lock, wait, [this] { return is_woken_; });
  is_woken_ = false;
}

void DeliveryWorker::claim_due() {
  while (true) {
    {
      const std::lock_guard lock{mutex_};
      if (is_stopping_ || under_way_ >= kUnderWayMax) return;
    }
    Result<std::optional<Attempt>> claimed = services_.deliveries.claim(services_.clock.now());
    if (!claimed) {
      services_.log.error("delivery.not_claimed", {{"problem", claimed.error().message}});
      const std::lock_guard lock{mutex_};
      is_refused_ = true;
      return;
    }
    if (!*claimed) return;
    {
      const std::lock_guard lock{mutex_};
      ++under_way_;
    }
    auto attempt = std::make_shared<const Attempt>(**std::move(claimed));
    const Sequence sequence = attempt->sequence;
    services_.store.when_durable(
        sequence, [this, attempt = std::move(attempt)]() mutable { send(std::move(attempt)); });
  }
}

void DeliveryWorker::send(std::shared_ptr<const Attempt> attempt) {
  http::OutboundRequest request{attempt->url, attempt->headers, attempt->body};
  if (const auto& mail = attempt->mail)
    request.mail = http::MailOrder{mail->from, mail->to, mail->username, mail->password};
  outbound_.post(std::move(request),
                 [this, attempt = std::move(attempt)](http::OutboundAnswer answer) mutable {
                   finish({std::move(attempt), outcome_of(std::move(answer))});
                 });
}

void DeliveryWorker::finish(Finished finished) {
  const std::lock_guard lock{mutex_};
  finished_.push_back(std::move(finished));
  is_woken_ = true;
  changed_.notify_all();
}

void DeliveryWorker::record_finished() {
  std::deque<Finished> taken;
  {
    const std::lock_guard lock{mutex_};
    taken.swap(finished_);
    is_refused_ = false;
  }
  while (!taken.empty()) {
    const Finished& first = taken.front();
    const Result<> recorded = services_.deliveries.record(*first.attempt, first.outcome);
    const std::lock_guard lock{mutex_};
    if (!recorded) {
      services_.log.error("delivery.not_recorded", {{"problem", recorded.error().message}});
      is_refused_ = true;
      std::ranges::move(taken, std::back_inserter(finished_));
      return;
    }
    taken.pop_front();
    --under_way_;
    changed_.notify_all();
  }
}

}  // namespace metergate
