// The rules that all nodes of one database must have in common, because what they decide and answer
// rests on them. The first node writes them; another with different ones is refused.
#pragma once

#include "base/result.h"
#include "service/shared/rules.h"
#include "storage/shapes/store.h"

namespace metergate {

// ErrorCode::invalid names the setting, its value here and the other nodes'.
Result<> check_node_rules(Store& store, const BillingRules& rules, Timestamp now);

}  // namespace metergate
