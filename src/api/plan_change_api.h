// The route that changes a tenant's plan, one of billing_routes().
#pragma once

#include "api/routes.h"

namespace metergate::api {

Route plan_change_route();

}  // namespace metergate::api
