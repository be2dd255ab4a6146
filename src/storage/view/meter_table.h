// MeterTable: the provider's own meters as folding needs them: by the type of their events, with
// their paths parsed; and the readings of an event by them.
//
// A copy of the stored documents, changed by the fold alone. Not safe from several threads: the
// view guards it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/crypto.h"
#include "base/json.h"
#include "base/result.h"
#include "domain/meter_cell.h"
#include "domain/own_meter.h"
#include "domain/usage_event.h"

namespace metergate {

struct CountedMeter {
  OwnMeter meter;
  std::uint64_t since = 0;          // the first batch that it counts
  std::optional<Timestamp> from{};  // earlier events are counted too, from this instant on
  DataPath value_path;
  std::vector<DataPath> group_paths;  // in the order of meter.group_by
  std::string key;                    // text(slug) u64(since): the start of its cells' places

  // True if the meter counts an event of that batch.
  bool counts(std::uint64_t sequence, Timestamp occurred_at) const {
    return sequence >= since || (from && occurred_at >= *from);
  }
};

class MeterTable {
 public:
  using Group = std::vector<const CountedMeter*>;

  // Sets the meter's stored document, or removes it.
  Result<> set(const std::string& slug, const std::optional<Json>& document);
  void add(CountedMeter meter);
  // nullptr if the meter does not exist.
  const CountedMeter* find(std::string_view slug) const;
  const Group* of_type(const std::string& type) const;
  const std::map<std::string, CountedMeter, std::less<>>& all() const { return by_slug_; }

 private:
  void sort_by_type();
  std::map<std::string, CountedMeter, std::less<>> by_slug_;
  std::unordered_map<std::string, Group> by_type_;
};

// An event's data as the meters read it; null if it has none.
struct EventContent {
  Json json;
  bool is_rounded = true;
};
EventContent data_of(const OtherFact& fact);
MeterReading reading_of(const CountedMeter& meter, const EventContent& data, Timestamp at,
                        const HashKey& key);
// The value at the meter's path; nullptr if it is absent or null.
const Json* value_of(const CountedMeter& meter, const Json& data);

// The values of a meter's groups; nothing if a value is absent, or is not a text, number or
// boolean.
using GroupValues = std::vector<std::optional<std::string>>;
GroupValues group_of(const CountedMeter& meter, const Json& data);
// The bound on all group names of a tenant's meter and month, in the form of encode_group(), since
// each of the group's cells has the name in its key.
inline constexpr std::size_t kGroupBytesMax = 64 << 10;
// For each value: 00, or 01 text.
std::string encode_group(const GroupValues& values);
// 02: events beyond kGroupsMax groups or kGroupBytesMax.
inline constexpr std::string_view kOtherGroup{"\x02", 1};
// Nothing for kOtherGroup.
Result<std::optional<GroupValues>> decode_group(std::string_view bytes);

}  // namespace metergate
