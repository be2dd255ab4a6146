// DeliveryWorker: sends what is due to webhooks. Claims an attempt, waits until the claim is
// durable, has it sent, and writes what came of it.
//
// One thread that never waits for a receiver: many attempts are under way at a time, up to
// kUnderWayMax, one a webhook. Woken when something is stored; looks at the clock besides. After
// stop() every attempt that was begun has its outcome written, unless the store refuses it; such a
// one is found as interrupted at the next start. start() and stop() by the owner.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "http/outbound/outbound.h"
#include "service/webhooks/deliveries.h"
#include "service/wiring/services.h"

namespace metergate {

class DeliveryWorker {
 public:
  static constexpr std::size_t kUnderWayMax = 256;

  DeliveryWorker(Services& services, http::Outbound& outbound)
      : services_(services), outbound_(outbound) {}
  ~DeliveryWorker() { stop(); }
  DeliveryWorker(const DeliveryWorker&) = delete;
  DeliveryWorker& operator=(const DeliveryWorker&) = delete;

  void start();
  // Takes nothing new, gives what is under way a moment, then stops the outbound and returns when
  // all is written.
  void stop();

 private:
  struct Finished {
    std::shared_ptr<const Attempt> attempt;
    AttemptOutcome outcome;
  };

  void run();
  void wait_for_work();
  void claim_due();
  void send(std::shared_ptr<const Attempt> attempt);
  void finish(Finished finished);
  void record_finished();
  bool has_ended();
  void wake();

  Services& services_;
  http::Outbound& outbound_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Finished> finished_;  // not written yet; at most kUnderWayMax
  std::size_t under_way_ = 0;      // claimed and not written yet
  bool is_woken_ = false;
  bool is_stopping_ = false;
  bool is_refused_ = false;  // the store did not take a claim or outcome; asked again after a while
  std::jthread thread_;
};

}  // namespace metergate
