// The shapes of late lines: the documents of the collection late_lines, one for each corrected
// event of a closed period, and how they stand in statements and in frozen ones; and which of them
// a statement has. Any thread.
//
// The documents of one tenant and corrected period are numbered from 1, and each carries what all
// up to it come to: so the next one is priced from the last alone, and the unique index on the
// number keeps two that are made at once from being priced from the same.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "domain/late_line.h"
#include "storage/shapes/store.h"

namespace metergate {

using Quantities = std::map<std::string, Quantity, std::less<>>;  // by the meter's name

struct LateEntry {
  TenantId tenant;
  std::string event;  // where it is kept: "<sequence>-<index>"
  Period period;      // the event's, which was corrected
  std::int64_t number = 1;
  Period billed_in;
  std::string currency;
  std::string correction_id;
  std::string reason;
  std::vector<LateLine> lines;  // one for each meter that changed
  Quantities totals;            // of all corrections of the period up to this one
};

std::string late_event_id(const KeptEvent& kept);
Json late_document(const LateEntry& entry);
// ErrorCode::corrupt where a member is missing or of the wrong kind.
Result<LateEntry> late_entry_from(const Json& document);

// The newest of a tenant's corrected period.
Result<std::optional<LateEntry>> last_late_entry(const Store& store, const TenantId& tenant,
                                                 Period corrected);
// What is billed in a period, in the order in which it was corrected.
Result<std::vector<LateLine>> late_lines_of(const Store& store, const TenantId& tenant,
                                            Period billed_in, const Currency& currency);
using LateLinesByTenant = std::map<std::string, std::vector<LateLine>, std::less<>>;
Result<LateLinesByTenant> late_lines_of_all_tenants(const Store& store, Period billed_in,
                                                    const Currency& currency);

// [{ meter, period, quantity, cost, currency, correction_id, reason }]; of a sum `corrections`, how
// many they are, instead of the last two.
Json late_items_json(const std::vector<LateLine>& lines, const Currency& currency);
// What of them has to be exact, beside the items: [[quantity in billionths as text, cost in
// millionths], …]; and both put together again.
Json exact_late_json(const std::vector<LateLine>& lines);
Result<std::vector<LateLine>> late_lines_from(const Json& items, const Json& exact,
                                              const Currency& currency);

}  // namespace metergate
