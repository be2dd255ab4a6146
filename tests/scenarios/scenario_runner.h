// Runs a scenario file, a text that a product person can read, and reports the lines that are not
// true. tests/scenarios/README.md has the grammar. No state; one thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "domain/plan.h"

namespace metergate {

struct ScenarioFailure {
  int line = 0;
  std::string message;  // expected and actual values, or the line's fault
};

// The scenario may name these plans.
std::vector<ScenarioFailure> run_scenario(std::string_view text, std::vector<Plan> plans);

}  // namespace metergate
