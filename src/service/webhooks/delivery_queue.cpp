#include "service/webhooks/delivery_queue.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace metergate {

void DeliveryQueue::set_due(const WebhookKey& key, Entry& entry, Timestamp due) {
  if (entry.due) due_.erase({*entry.due, key});
  entry.due = due;
  due_.emplace(due, key);
}

void DeliveryQueue::clear() {
  const std::lock_guard lock(mutex_);
  due_.clear();
  std::erase_if(entries_, [](const auto& entry) { return entry.second.due.has_value(); });
  for (auto& [key, under_way] : entries_) under_way.waiting = 0;
}

void DeliveryQueue::add(const WebhookKey& key, std::int64_t count, Timestamp now) {
  const std::lock_guard lock(mutex_);
  last_look_ = std::max(last_look_, now);
  const auto [at, is_new] = entries_.try_emplace(key);
  at->second.waiting += count;
  if (is_new) set_due(key, at->second, now);
}

void DeliveryQueue::hasten(const WebhookKey& key, Timestamp now) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  if (found->second.due) {
    set_due(key, found->second, std::min(now, *found->second.due));
  } else {
    found->second.is_hastened = true;
  }
}

void DeliveryQueue::follow_clock(Timestamp now) {
  constexpr Milliseconds kTolerance{1000};
  const Timestamp last = std::exchange(last_look_, now);
  if (last == Timestamp::min() || last - now <= kTolerance) return;
  due_.clear();
  for (auto& [key, entry] : entries_) {
    if (!entry.due) continue;
    if (*entry.due > now) entry.due = std::max(now, *entry.due - (last - now));
    due_.emplace(*entry.due, key);
  }
}

std::optional<WebhookKey> DeliveryQueue::take(Timestamp now) {
  const std::lock_guard lock(mutex_);
  follow_clock(now);
  if (due_.empty() || due_.begin()->first > now) return std::nullopt;
  WebhookKey key = due_.begin()->second;
  due_.erase(due_.begin());
  entries_[key].due.reset();
  return key;
}

void DeliveryQueue::settle(const WebhookKey& key, std::int64_t done, Timestamp due) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(key);
  CHECK(found != entries_.end() && !found->second.due);
  Entry& entry = found->second;
  entry.waiting -= done;
  // A delivery may be sent before it is added here; its count is then added late and finds no
  // entry.
  if (entry.waiting <= 0) {
    entries_.erase(found);
    return;
  }
  const bool is_hastened = std::exchange(entry.is_hastened, false);
  set_due(key, entry, is_hastened ? Timestamp::min() : due);
}

void DeliveryQueue::fold(const WebhookKey& key, std::int64_t less) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(key);
  if (found != entries_.end()) found->second.waiting -= less;
}

std::int64_t DeliveryQueue::waiting(const WebhookKey& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(key);
  return found == entries_.end() ? 0 : found->second.waiting;
}

std::int64_t DeliveryQueue::waiting() const {
  const std::lock_guard lock(mutex_);
  std::int64_t all = 0;
  for (const auto& [key, entry] : entries_) all += entry.waiting;
  return all;
}

std::optional<Timestamp> DeliveryQueue::next_due() const {
  const std::lock_guard lock(mutex_);
  if (due_.empty()) return std::nullopt;
  return due_.begin()->first;
}

}  // namespace metergate
