// DeliveryQueue: the webhooks with waiting deliveries, their number, and the time when the first of
// each is due. The deliveries themselves are in the store.
//
// A webhook that was taken is under way, and cannot be taken again, until it is settled, so its
// deliveries keep their order. Deliveries added meanwhile are not lost. Safe from any thread.
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
  // Forgets all that waits; what is under way stays so until it is settled.
  void clear();
  // Adds `count` waiting deliveries; due at once, unless the webhook waits for a retry.
  void add(const WebhookKey& key, std::int64_t count, Timestamp now);
  // Makes the webhook due at once, even if it waits for a retry.
  void hasten(const WebhookKey& key, Timestamp now);
  // The webhook that has been due longest at `now`. If `now` is before the last look, the clock was
  // set back, and the due times move back with it, so that nothing waits longer.
  std::optional<WebhookKey> take(Timestamp now);
  // Ends what take() began: `done` fewer deliveries wait, and the next is due at `due`.
  void settle(const WebhookKey& key, std::int64_t done, Timestamp due);

  // Counts `less` fewer of a webhook that is under way: they became one.
  void fold(const WebhookKey& key, std::int64_t less);

  std::int64_t waiting(const WebhookKey& key) const;
  std::int64_t waiting() const;  // of all webhooks
  std::optional<Timestamp> next_due() const;

 private:
  struct Entry {
    std::int64_t waiting = 0;
    std::optional<Timestamp> due;  // nothing: under way
    bool is_hastened = false;      // hastened while under way
  };
  void set_due(const WebhookKey& key, Entry& entry, Timestamp due);
  void follow_clock(Timestamp now);

  mutable std::mutex mutex_;
  std::map<WebhookKey, Entry> entries_;  // webhooks with deliveries waiting or under way
  std::set<std::pair<Timestamp, WebhookKey>> due_;
  Timestamp last_look_ = Timestamp::min();
};

}  // namespace metergate
