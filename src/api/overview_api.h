// The route for the console's first screen; one of billing_routes().
#pragma once

#include "api/routes.h"

namespace metergate::api {

Route overview_route();

}  // namespace metergate::api
