// What the billing and alert routes read of their queries and paths alike. For one request; not for
// use from two threads.
#pragma once

#include <optional>

#include "api/routes.h"
#include "domain/period.h"

namespace metergate::api {

// A period YYYY-MM; a fault where the text is none.
std::optional<Period> read_period(QueryReader& reader, std::string_view name);
// One or several of them, separated by commas, as they stand; empty where the query has none.
std::string read_periods(QueryReader& reader, std::string_view name);
// A text in the path that no tenant id can be names no tenant: ErrorCode::tenant_not_found.
Result<TenantId> tenant_of_path(const Call& call);

}  // namespace metergate::api
