// The currency of a data folder, in which its statements are frozen. Written with the first of
// them; from then on, opening the folder with another BILLING_CURRENCY is refused, so that no
// amount changes its meaning. Safe from any thread.
#pragma once

#include <optional>
#include <string>

#include "domain/money.h"
#include "storage/shapes/store.h"

namespace metergate {

// Nothing if no statement has been frozen. In older folders without the mark, it is that of the
// newest report of a closed period.
Result<std::optional<std::string>> currency_of_statements(const Store& store);
// ErrorCode::invalid, naming both, if the folder has another currency.
Result<> check_currency(const Store& store, const Currency& configured);
// The write that accompanies a frozen report; nothing if the mark exists.
Result<std::optional<DocumentWrite>> currency_mark(const Store& store, const Currency& currency,
                                                   Timestamp now);

}  // namespace metergate
