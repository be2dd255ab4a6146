// What a tenant's plan, with its own limits, allows of a meter at a time. Functions; any thread.
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

// ErrorCode::corrupt where the catalogue lacks the tenant's plan.
Result<Offer> find_offer(const Catalog& catalog, const OfferQuestion& question);

// What who is held back by a hard limit is told.
std::string hard_limit_text(Meter meter, std::int64_t limit);

}  // namespace metergate
