// The route that changes a tenant's plan, one of billing_routes(); and what the command line shows
// of the same.
#pragma once

#include "api/routes.h"
#include "service/tenants/directory.h"

namespace metergate::api {

Route plan_change_route();

// The effect of the change on the figures of the current period; writes nothing.
Result<Json> plan_change_preview(const Services& services, const PlanChange& change);
Json plan_changed_json(const PlanChanged& changed);

}  // namespace metergate::api
