// The route of what a console's first screen shows; one of billing_routes().
#pragma once

#include "api/routes.h"

namespace metergate::api {

Route overview_route();

}  // namespace metergate::api
