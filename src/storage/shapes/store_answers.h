// Everything that a store answers, as text, so that tests can hold two stores against each other.
#pragma once

#include <string>

#include "storage/shapes/store.h"

namespace metergate {

// All documents of all collections, each tenant's counters, days, endpoints and meters, and what is
// closed.
std::string answers(const Store& store);

}  // namespace metergate
