// Meters of the provider's own: the events that each counts, the value it reads, its aggregation
// and its groups, and the bounds on all of these. Values; no threads.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace metergate {

inline constexpr std::size_t kOwnMetersMax = 100;
inline constexpr std::size_t kDimensionsMax = 5;    // of one meter
inline constexpr std::size_t kGroupsMax = 1000;     // of a tenant's meter and month
inline constexpr std::size_t kGroupValueMax = 128;  // bytes; longer ones are cut
inline constexpr std::size_t kUniqueMax = 10'000;   // distinct values in one cell

// How a meter folds its events; "aggregation" on the wire. The numbers are stored: add new ones at
// the end.
enum class Folding : std::uint8_t {
  count,
  sum,
  average,
  least,
  greatest,
  latest,
  unique_count,
  median,
  percentile_95,
  percentile_99
};

struct FoldingRow {
  Folding aggregation;
  std::string_view name;  // on the wire and in documents
  bool needs_value;
  unsigned permille;  // for percentiles; otherwise 0
};

inline constexpr std::array<FoldingRow, 10> kFoldings = {{
    {Folding::count, "COUNT", false, 0},
    {Folding::sum, "SUM", true, 0},
    {Folding::average, "AVG", true, 0},
    {Folding::least, "MIN", true, 0},
    {Folding::greatest, "MAX", true, 0},
    {Folding::latest, "LATEST", true, 0},
    {Folding::unique_count, "UNIQUE_COUNT", true, 0},
    {Folding::median, "P50", true, 500},
    {Folding::percentile_95, "P95", true, 950},
    {Folding::percentile_99, "P99", true, 990},
}};

constexpr const FoldingRow& row_of(Folding aggregation) {
  return kFoldings[static_cast<std::size_t>(aggregation)];
}
// True if no event with a value from 0 up reduces the figure. Tenants may send such events
// themselves.
constexpr bool only_grows(Folding aggregation) {
  return aggregation == Folding::count || aggregation == Folding::sum ||
         aggregation == Folding::greatest || aggregation == Folding::unique_count;
}
std::optional<Folding> find_folding(std::string_view name);
// The names of all aggregations, for messages.
std::string folding_names_text();

// The names to descend by from the event's data: "$.usage.tokens".
using DataPath = std::vector<std::string>;
// Nothing if the text is not a path: "$" and 1 to 8 names, each after a point, of letters, digits,
// '_' and '-'.
std::optional<DataPath> parse_path(std::string_view text);

struct Dimension {
  std::string name;  // of letters, digits and '_'
  std::string path;  // as defined
  friend bool operator==(const Dimension&, const Dimension&) = default;
};

struct OwnMeter {
  std::string slug;
  std::string event_type;
  Folding aggregation = Folding::count;
  std::string value_path;           // empty: none; ignored by COUNT
  std::vector<Dimension> group_by;  // by name
  // True if a tenant's own token may send events of this type.
  bool tenant_may_send = false;
  friend bool operator==(const OwnMeter&, const OwnMeter&) = default;
};

// 1 to 64 of a-z, 0-9 and '_', beginning with a letter or digit, and different from the names of
// built-in meters and their limits, beside which the slug appears in statements.
bool is_own_slug(std::string_view text);

// The faults of the definition, by the field names of the wire format; empty if it has none.
std::vector<Fault> faults_of(const OwnMeter& meter);

}  // namespace metergate
