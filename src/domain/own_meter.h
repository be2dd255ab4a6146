// Meters of the provider's own: which events one counts, which value of them, how it folds and by
// what it is grouped; and what is allowed of all that. Values; no threads.
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
inline constexpr std::size_t kUniqueMax = 10'000;   // different values in one cell

// The numbers are stored: a new one goes to the end.
// How a meter folds its events; on the wire its "aggregation".
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
  unsigned permille;  // of a percentile; else 0
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
// Whether no event with a value from 0 up makes the figure smaller: what a tenant may send of
// itself.
constexpr bool only_grows(Folding aggregation) {
  return aggregation == Folding::count || aggregation == Folding::sum ||
         aggregation == Folding::greatest || aggregation == Folding::unique_count;
}
std::optional<Folding> find_folding(std::string_view name);
// Which there are, for a person.
std::string folding_names_text();

// "$.usage.tokens": the members to go down by, from the event's data.
using DataPath = std::vector<std::string>;
// Nothing where it is no path: "$" and 1 to 8 names, each behind a point, of letters, digits, '_'
// and '-'.
std::optional<DataPath> parse_path(std::string_view text);

struct Dimension {
  std::string name;  // of letters, digits and '_'
  std::string path;  // as it was given
  friend bool operator==(const Dimension&, const Dimension&) = default;
};

struct OwnMeter {
  std::string slug;
  std::string event_type;
  Folding aggregation = Folding::count;
  std::string value_path;           // empty: none; COUNT does not look at it
  std::vector<Dimension> group_by;  // by name
  // Whether a tenant's own token may send events of its type.
  bool tenant_may_send = false;
  friend bool operator==(const OwnMeter&, const OwnMeter&) = default;
};

// 1 to 64 of a-z, 0-9 and '_' that begin with a letter or digit, and no name of a built-in meter or
// its limit, beside which it stands in statements.
bool is_own_slug(std::string_view text);

// What is wrong with the definition, by the fields of the wire format; empty: fine.
std::vector<Fault> faults_of(const OwnMeter& meter);

}  // namespace metergate
