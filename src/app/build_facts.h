// Facts that the build sets: version, commit, build type, and the catalogue that ships with the
// program (catalogue/plans.toml). Constants; safe from any thread.
#pragma once

#include <string_view>

namespace metergate {

extern const std::string_view kVersion;
extern const std::string_view kCommit;
extern const std::string_view kBuildType;
extern const std::string_view kShippedPlans;

}  // namespace metergate
