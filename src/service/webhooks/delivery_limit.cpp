#include "service/webhooks/delivery_limit.h"

#include "base/check.h"

namespace metergate {

Result<std::optional<DeliveryHold>> DeliveryLimit::hold(const std::string& owner,
                                                        Timestamp now) const {
  const BillingRules& rules = parts_.rules;
  if (owner.empty() || !rules.tracking_enabled || !rules.limits_enforced) return std::nullopt;
  const TenantId tenant = TRY(TenantId::parse(owner));
  const auto record = TRY(parts_.directory.get(tenant));
  const Offer offer = TRY(find_offer(parts_.catalog, {*record, Meter::webhook_calls, now}));
  if (!offer.is_hard()) return std::nullopt;
  // Read before the counter, so that an attempt that ends meanwhile counts twice rather than not at
  // all.
  const std::int64_t places = under_way(owner);
  const Period period = Period::of(now, rules.zone);
  const auto counter = TRY(parts_.store.counter(tenant, period));
  const Usage usage = usage_of(counter.value_or(Counter{}), rules.storage);
  if (usage[Meter::webhook_calls] + places < *offer.limit.units) return std::nullopt;
  return DeliveryHold{hard_limit_text(Meter::webhook_calls, *offer.limit.units),
                      period.window(rules.zone).end};
}

std::int64_t DeliveryLimit::under_way(const std::string& owner) const {
  const std::lock_guard lock(mutex_);
  const auto found = under_way_.find(owner);
  return found == under_way_.end() ? 0 : found->second;
}

void DeliveryLimit::clear() {
  const std::lock_guard lock(mutex_);
  under_way_.clear();
}

void DeliveryLimit::begin(const std::string& owner) {
  const std::lock_guard lock(mutex_);
  ++under_way_[owner];
}

void DeliveryLimit::end(const std::string& owner) {
  const std::lock_guard lock(mutex_);
  const auto found = under_way_.find(owner);
  CHECK(found != under_way_.end());
  if (--found->second == 0) under_way_.erase(found);
}

}  // namespace metergate
