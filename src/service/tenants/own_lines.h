// The shapes of line items of the provider's own meters: as people read them, and exactly, as they
// are kept in reports and alerts. And how much of each a tenant used. Any thread.
#pragma once

#include <vector>

#include "base/json.h"
#include "domain/period.h"
#include "domain/plan.h"
#include "domain/rating.h"
#include "storage/shapes/store.h"

namespace metergate {

// A quantity for each of the plan's own terms: what the meter's month comes to; 0 where there is no
// such meter or nothing that it could tell.
Result<std::vector<Quantity>> own_usage(const Store& store, const TenantId& tenant,
                                        const std::vector<OwnTerm>& terms, Period period);

Json quantity_json(Quantity quantity);
// { meter, usage, included, overage, rate, cost }, quantities as texts of billionths, money in
// millionths, null where it is beyond what an amount may be.
Json exact_own_line_json(const OwnLineItem& line);
// ErrorCode::corrupt where a member is missing or of the wrong kind.
Result<OwnLineItem> own_line_from(const Json& exact);

// Of a plan, as documents and the API have them: { slug: { limit, rate } }.
Json own_terms_json(const std::vector<OwnTerm>& terms);
Result<std::vector<OwnTerm>> own_terms_from(const Json& terms);

}  // namespace metergate
