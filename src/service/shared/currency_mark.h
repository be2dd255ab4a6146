// The currency of a data folder: what its statements are frozen in. Written with the first of them,
// so that from then on another BILLING_CURRENCY is refused when the folder is opened, and no amount
// ever changes its meaning. Any thread.
#pragma once

#include <optional>
#include <string>

#include "domain/money.h"
#include "storage/shapes/store.h"

namespace metergate {

// Nothing where no statement has been frozen. Folders from before it was written have that of the
// newest report of a closed period.
Result<std::optional<std::string>> currency_of_statements(const Store& store);
// ErrorCode::invalid names both where the folder's is another one.
Result<> check_currency(const Store& store, const Currency& configured);
// What travels with a frozen report; nothing where it is written already.
Result<std::optional<DocumentWrite>> currency_mark(const Store& store, const Currency& currency,
                                                   Timestamp now);

}  // namespace metergate
