// All the answers of a store, as text, so that tests can compare two stores.
#pragma once

#include <string>

#include "storage/shapes/store.h"

namespace metergate {

// All documents of all collections, each tenant's counters, days, endpoints and meters, and the
// closed periods.
std::string answers(const Store& store);

}  // namespace metergate
