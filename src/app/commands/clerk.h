// The parts that all commands of a billing clerk share: finding the tenant and the period.
// Functions; any thread.
#pragma once

#include <optional>
#include <string>

#include "app/commands/fitted_table.h"
#include "domain/period.h"
#include "service/wiring/services.h"

namespace metergate {

// ErrorCode::tenant_not_found, with the nearest id that there is.
Result<TenantId> find_tenant(const Services& services, const std::string& text);
// The running month where the text is empty; ErrorCode::invalid for none, or one that is to come.
Result<Period> find_period(const Services& services, const std::string& text);
// green, yellow or red, as how the tenant stands.
Colour colour_of_health(std::string_view health);

}  // namespace metergate
