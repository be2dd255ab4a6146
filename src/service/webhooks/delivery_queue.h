// DeliveryQueue: which webhooks have deliveries waiting, how many, and when the first of each is
// due. Holds no delivery: those are in the store.
//
// A webhook that was taken is under way, and taken by nobody else, until it is settled: so its
// deliveries keep their order. What is added meanwhile is not lost. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "service/webhooks/webhook.h"

namespace metergate {

class DeliveryQueue {
 public:
  // `count` more wait; due at once, unless the webhook waits for a retry.
  void add(const WebhookKey& key, std::int64_t count, Timestamp now);
  // Due at once, also where it waits for a retry.
  void hasten(const WebhookKey& key, Timestamp now);
  // The webhook that has been due longest at `now`. Where that is before the last look, the clock
  // was set back, and what waits goes back with it: nothing waits longer for that.
  std::optional<WebhookKey> take(Timestamp now);
  // Ends what take() began: `done` fewer wait, and the next is due at `due`.
  void settle(const WebhookKey& key, std::int64_t done, Timestamp due);

  std::int64_t waiting(const WebhookKey& key) const;
  std::optional<Timestamp> next_due() const;

 private:
  struct Entry {
    std::int64_t waiting = 0;
    std::optional<Timestamp> due;  // nothing: under way
    bool is_hastened = false;      // while it was under way
  };
  void set_due(const WebhookKey& key, Entry& entry, Timestamp due);
  void follow_clock(Timestamp now);

  mutable std::mutex mutex_;
  std::map<WebhookKey, Entry> entries_;  // of webhooks with something waiting or under way
  std::set<std::pair<Timestamp, WebhookKey>> due_;
  Timestamp last_look_ = Timestamp::min();
};

}  // namespace metergate
