// DeliveryLimit: holds a plan's hard limit on webhook calls before an attempt is made. Deliveries
// above it wait and are not lost.
//
// An attempt has a place from its claim until it is counted, so attempts under way count too and
// the limit is never overshot. The provider's own deliveries have no limit. The claiming thread
// calls begin() and end(); any thread may call hold().
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "service/shared/rules.h"
#include "service/tenants/offer.h"
#include "service/webhooks/delivery.h"
#include "storage/shapes/store.h"

namespace metergate {

class DeliveryLimit {
 public:
  struct Parts {
    Store& store;
    const Directory& directory;
    const Catalog& catalog;
    const BillingRules& rules;
  };
  explicit DeliveryLimit(const Parts& parts) : parts_(parts) {}

  // The reason why this owner may make no attempt; nothing if there is room for one.
  Result<std::optional<DeliveryHold>> hold(const std::string& owner, Timestamp now) const;
  void begin(const std::string& owner);
  void clear();
  void end(const std::string& owner);

 private:
  std::int64_t under_way(const std::string& owner) const;

  const Parts parts_;
  mutable std::mutex mutex_;
  std::map<std::string, std::int64_t> under_way_;  // running attempts, of owners with any
};

}  // namespace metergate
