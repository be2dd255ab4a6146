// DeliveryLimit: a hard limit of a plan on webhook calls, held before an attempt to deliver is
// made. What is over it waits; nothing is lost.
//
// An attempt takes a place from its claim until it is counted, so that those under way count too
// and there is no overshoot. The provider's own deliveries have no limit. begin() and end() by the
// one who claims; hold() from any thread.
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

  // Why no attempt may be made for this owner; nothing: there is room for one.
  Result<std::optional<DeliveryHold>> hold(const std::string& owner, Timestamp now) const;
  void begin(const std::string& owner);
  void end(const std::string& owner);

 private:
  std::int64_t under_way(const std::string& owner) const;

  const Parts parts_;
  mutable std::mutex mutex_;
  std::map<std::string, std::int64_t> under_way_;  // attempts, of owners that have some
};

}  // namespace metergate
