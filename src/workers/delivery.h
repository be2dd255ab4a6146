// DeliveryWorker: sends due deliveries to webhooks. Claims an attempt, waits until the claim is
// durable, has it sent, and records the outcome.
//
// One thread that never waits for a receiver: up to kUnderWayMax attempts are under way at a time,
// one for each webhook. Woken when a delivery is stored; also checks the clock. After stop(), every
// attempt that was begun has its outcome recorded, unless the store refuses it; such an attempt is
// found as interrupted at the next start. The owner calls start() and stop().
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
  // Begins nothing new, gives attempts under way a moment, then stops the outbound and returns when
  // all outcomes are recorded.
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
  std::deque<Finished> finished_;  // not recorded yet; at most kUnderWayMax
  std::size_t under_way_ = 0;      // claimed and not recorded yet
  bool is_woken_ = false;
  bool is_stopping_ = false;
  bool is_refused_ = false;  // the store refused a claim or outcome; retried after a while
  std::jthread thread_;
};

}  // namespace metergate
