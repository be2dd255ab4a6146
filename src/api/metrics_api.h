// GET /metrics: what the server says of itself to Prometheus, in its text format. Any thread.
#pragma once

#include "api/routes.h"

namespace metergate::api {

Route metrics_route();

}  // namespace metergate::api
