// Runs a scenario file, a text that a product person can read, and says which of its lines are not
// true. tests/scenarios/README.md has the grammar. No state; one thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "domain/plan.h"

namespace metergate {

struct ScenarioFailure {
  int line = 0;
  std::string message;  // expected and actual, or what is wrong with the line
};

// `plans` are known to the scenario by name.
std::vector<ScenarioFailure> run_scenario(std::string_view text, std::vector<Plan> plans);

}  // namespace metergate
