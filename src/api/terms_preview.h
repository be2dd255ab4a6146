// The effect of a change of a tenant's plan or own limits on the current period's figures. Plain
// functions; safe from any thread.
#pragma once

#include "api/routes.h"
#include "domain/plan.h"

namespace metergate::api {

// { limits, limits_override, overages, overage_cost, currency, health_status }, each but the
// currency as { old, new }. Writes nothing.
Result<Json> terms_preview(const Services& services, const Subscription& after);
Json texts_json(const std::vector<std::string>& texts);
// Updates the alert at once after a change of limits. The change itself is done: if the alert
// cannot be written now, the worker's next round writes it.
void look_at_alert(const Services& services, const TenantId& tenant);

}  // namespace metergate::api
