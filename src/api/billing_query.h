// Parameters that the billing and alert routes read from queries and paths in the same way. For one
// request; one thread.
#pragma once

#include <optional>

#include "api/routes.h"
#include "domain/period.h"

namespace metergate::api {

// Reads a period YYYY-MM; adds a fault if the text is not a period.
std::optional<Period> read_period(QueryReader& reader, std::string_view name);
// One or several of them, separated by commas, as they stand; empty where the query has none.
std::string read_periods(QueryReader& reader, std::string_view name);
// The tenant in the path. ErrorCode::tenant_not_found if the text cannot be a tenant id.
Result<TenantId> tenant_of_path(const Call& call);

}  // namespace metergate::api
