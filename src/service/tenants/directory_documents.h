// The documents of the directory: tenants and subscriptions, written and read back. Values; no
// threads.
#pragma once

#include "base/json.h"
#include "base/result.h"
#include "service/tenants/directory.h"

namespace metergate {

DocumentKey directory_key(const TenantId& id);  // of both collections

struct SubscriptionStamp {
  std::int64_t plan_version = 1;
  Timestamp renew_on{};  // the start of the next period
  Timestamp updated_at{};
};

Json tenant_document(const Tenant& tenant, Timestamp updated_at);
Json subscription_document(const Subscription& subscription, const SubscriptionStamp& stamp);
// ErrorCode::corrupt if the document is not one of ours.
Result<Tenant> tenant_from(const Json& document);
Result<Subscription> subscription_from(const Json& document);

}  // namespace metergate
