// The terms of a tenant's plan and own limits for a meter at an instant. Plain functions; safe from
// any thread.
#pragma once

#include <optional>
#include <string>

#include "service/tenants/catalog.h"
#include "service/tenants/directory.h"

namespace metergate {

struct Offer {
  Limit limit;
  std::optional<RequestRate> request_rate;

  bool is_hard() const { return limit.units && limit.effect == LimitEffect::hard; }
};

struct OfferQuestion {
  const TenantRecord& tenant;
  Meter meter;
  Timestamp at;
};

// ErrorCode::corrupt if the catalogue lacks the tenant's plan.
Result<Offer> find_offer(const Catalog& catalog, const OfferQuestion& question);

// The message of a call that a hard limit refuses.
std::string hard_limit_text(Meter meter, std::int64_t limit);

}  // namespace metergate
