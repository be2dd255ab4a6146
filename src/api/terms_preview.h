// What a change of a tenant's plan or of its own limits would do to the figures of the current
// period. Functions; any thread.
#pragma once

#include "api/routes.h"
#include "domain/plan.h"

namespace metergate::api {

// { limits, limits_override, overages, overage_cost, currency, health_status }, each but the
// currency as { old, new }. Writes nothing.
Result<Json> terms_preview(const Services& services, const Subscription& after);
Json texts_json(const std::vector<std::string>& texts);
// After a change: what the new limits mean for the alert shows at once. The change itself is done;
// where the alert cannot be written now, the worker's next round does it.
void look_at_alert(const Services& services, const TenantId& tenant);

}  // namespace metergate::api
