// The beginnings of the paths that are ours, where a rule goes by the beginning and not by a row of
// the route table. Names only.
#pragma once

#include <string_view>

namespace metergate {

inline constexpr std::string_view kProviderPaths = "/provider/";
inline constexpr std::string_view kTenantPaths = "/api/tenants/";
inline constexpr std::string_view kEventPaths = "/api/v1/";
inline constexpr std::string_view kOpenMeterPaths = "/api/v3/openmeter/";

}  // namespace metergate
