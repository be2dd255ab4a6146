// Reads catalogue/plans.toml for the scenarios, so that they hold the shipped figures to the rules
// without the product's own reader. Values; no threads.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "domain/plan.h"

namespace metergate {

// The first version of each plan, valid from the beginning of time.
Result<std::vector<Plan>> read_plans_file(const std::string& path);

}  // namespace metergate
