// Late lines in their stored and shown forms: the documents of the collection late_lines, one for
// each corrected event of a closed period, the items of statements and of frozen statements; and
// the late lines of a statement. Safe from any thread.
//
// The documents of one tenant and corrected period are numbered from 1, and each has the totals up
// to it. So the next one is priced from the last alone, and the unique index on the number prevents
// two concurrent ones from being priced from the same.
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
  Period period;      // the corrected period of the event
  std::int64_t number = 1;
  Period billed_in;
  std::string currency;
  std::string correction_id;
  std::string reason;
  std::vector<LateLine> lines;  // one for each meter that changed
  Quantities totals;            // of all corrections of the period so far
};

std::string late_event_id(const KeptEvent& kept);
Json late_document(const LateEntry& entry);
// ErrorCode::corrupt if a member is missing or of the wrong kind.
Result<LateEntry> late_entry_from(const Json& document);

// The newest entry of a tenant's corrected period.
Result<std::optional<LateEntry>> last_late_entry(const Store& store, const TenantId& tenant,
                                                 Period corrected);
// The lines billed in a period, in the order of their corrections.
Result<std::vector<LateLine>> late_lines_of(const Store& store, const TenantId& tenant,
                                            Period billed_in, const Currency& currency);
using LateLinesByTenant = std::map<std::string, std::vector<LateLine>, std::less<>>;
Result<LateLinesByTenant> late_lines_of_all_tenants(const Store& store, Period billed_in,
                                                    const Currency& currency);

// [{ meter, period, quantity, cost, currency, correction_id, reason }]; a sum has `corrections`,
// their number, instead of the last two.
Json late_items_json(const std::vector<LateLine>& lines, const Currency& currency);
// The exact figures of the items: [[quantity in billionths as text, cost in millionths], …]; and
// the lines from both.
Json exact_late_json(const std::vector<LateLine>& lines);
Result<std::vector<LateLine>> late_lines_from(const Json& items, const Json& exact,
                                              const Currency& currency);

}  // namespace metergate
