// Line items of the provider's own meters: their shown form, and the exact form in reports and
// alerts; and a tenant's usage of these meters. Safe from any thread.
#pragma once

#include <vector>

#include "base/json.h"
#include "domain/period.h"
#include "domain/plan.h"
#include "domain/rating.h"
#include "storage/shapes/store.h"

namespace metergate {

// A quantity for each of the plan's own terms: the meter's value for the month; 0 if the meter does
// not exist or has no value.
Result<std::vector<Quantity>> own_usage(const Store& store, const TenantId& tenant,
                                        const std::vector<OwnTerm>& terms, Period period);

Json quantity_json(Quantity quantity);
// { meter, usage, included, overage, rate, cost }: quantities as texts of billionths, money in
// millionths, null if beyond the largest amount.
Json exact_own_line_json(const OwnLineItem& line);
// ErrorCode::corrupt if a member is missing or of the wrong kind.
Result<OwnLineItem> own_line_from(const Json& exact);

// A plan's own terms in documents and the API: { slug: { limit, rate } }.
Json own_terms_json(const std::vector<OwnTerm>& terms);
Result<std::vector<OwnTerm>> own_terms_from(const Json& terms);

}  // namespace metergate
