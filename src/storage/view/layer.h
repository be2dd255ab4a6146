// Layer: the changes since a checkpoint, held in memory above the base: keys and values, the hot
// rows of counters, and the ids of events.
//
// The view has one layer that takes changes and, while a checkpoint writes, the frozen one before
// it. Rows are kept as values, not bytes, so that folding an event needs no encoding; a checkpoint
// encodes them. Not safe from several threads: the view guards it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "domain/counter.h"
#include "domain/meter_cell.h"
#include "domain/period.h"
#include "storage/bytes/codec.h"
#include "storage/bytes/text_hash.h"
#include "storage/ids/event_ids.h"
#include "storage/kv/kv.h"

namespace metergate {

// A tenant's month, day, or month of backfill.
struct CounterRow {
  Counter counter;
  // True if it includes the previous month's levels and these cannot change any more.
  bool is_carried = false;
};

// The endpoints that a tenant called in a period, sorted; at most kEndpointsMax, then "other". Also
// the groups of one of its meters in a period; at most kGroupsMax, of kGroupBytesMax.
struct EndpointRow {
  std::vector<std::string> endpoints;
  std::size_t bytes = 0;  // their total size; derived, not stored
};

// A tenant's present record counts, and the totals ever.
struct TotalsRow {
  std::int32_t first_period = INT32_MAX;  // the earliest kept month
  std::int64_t active_stores = 0;
  std::int64_t active_devices = 0;
  std::int64_t sales = 0;
  std::int64_t tickets = 0;
  std::int64_t audits = 0;
};

void encode_row(Encoder& to, const CounterRow& row);
void encode_row(Encoder& to, const CallSums& row);
void encode_row(Encoder& to, const EndpointRow& row);
void encode_row(Encoder& to, const TotalsRow& row);
void encode_row(Encoder& to, const MeterCell& row);
Result<> decode_row(Decoder& from, CounterRow& row);
Result<> decode_row(Decoder& from, CallSums& row);
Result<> decode_row(Decoder& from, EndpointRow& row);
Result<> decode_row(Decoder& from, TotalsRow& row);
Result<> decode_row(Decoder& from, MeterCell& row);

// Bytes that a row holds outside of itself.
inline std::size_t held_bytes(const CounterRow&) { return 0; }
inline std::size_t held_bytes(const TotalsRow&) { return 0; }
inline std::size_t held_bytes(const CallSums& row) {
  return row.durations.buckets().size() * sizeof(Histogram::Bucket);
}
inline std::size_t held_bytes(const EndpointRow& row) {
  return row.bytes + row.endpoints.size() * sizeof(std::string);
}
inline std::size_t held_bytes(const MeterCell& row) {
  return row.unique.size() * sizeof(UniqueMark) +
         row.values.buckets().size() * sizeof(Histogram::Bucket);
}

template <class Row>
Result<Row> parse_row(std::string_view bytes) {
  Row row;
  Decoder from(bytes);
  TRY(decode_row(from, row));
  if (!from.is_at_end()) return fail(ErrorCode::corrupt, "bytes after a row of the view");
  return row;
}

template <class Row>
struct HotRow {
  std::optional<Row> row;  // nothing: removed
  bool is_dirty = false;
};

// By place (see keys.h).
template <class Row>
using HotRows = std::map<std::string, HotRow<Row>, std::less<>>;

// The rows that the tenant's last event changed, which its next one is likely to change too. They
// do not move while the layer takes changes. nullptr: none.
struct RecentRows {
  Period period;
  HotRow<CounterRow>* month = nullptr;
  Day day{};
  HotRow<CounterRow>* of_day = nullptr;
  Timestamp hour{};
  std::string endpoint;
  HotRow<CallSums>* calls = nullptr;
  // The round of Touched that includes the tenant's period.
  std::uint64_t touched_in = 0;
  Period touched;
};

struct TenantRows {
  RecentRows recent;
  std::tuple<HotRows<CounterRow>, HotRows<CallSums>, HotRows<EndpointRow>, HotRows<TotalsRow>,
             HotRows<MeterCell>>
      rows;
  template <class Row>
  HotRows<Row>& of() {
    return std::get<HotRows<Row>>(rows);
  }
  template <class Row>
  const HotRows<Row>& of() const {
    return std::get<HotRows<Row>>(rows);
  }
};

struct Layer {
  std::map<std::string, std::optional<std::string>, std::less<>> entries;  // nothing: removed
  std::unordered_map<std::string, TenantRows, TextHash, std::equal_to<>> tenants;
  EventIds ids;
  std::optional<std::int32_t> closed_through;  // ids of periods up to it are removed
  std::size_t bytes = 0;                       // approximate size of the changes

  // Writes all changes except the ids.
  void write(KeyWriter& to) const;
  // Takes over, as unchanged, rows of the layer below that changed recently and are not here, since
  // they are likely to change again. Only after that layer was written.
  void keep_rows_of(Layer& below);
};

}  // namespace metergate
