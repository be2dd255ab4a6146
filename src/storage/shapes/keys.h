// Keys: how everything in the view is named, in bytes whose order is the order of what they name.
//
//   document   'D' collection text(tenant) text(id)                 value: the document
//   index      'I' collection number value… text(tenant) text(id)   value: text(tenant) text(id)
//   row        tag text(tenant) place                               value: the row
//   voided     'V' u32(period) u64(sequence) u32(index)             value: nothing
//   ids, page  'K' u32(period) u64(run) u32(page)                   value: see id_runs.cpp
//   ids, head  'F' u32(period) u64(run)                             value: see id_runs.cpp
//   event id   'J' u32(period) 16 bytes of hash                     value: 8 bytes of fingerprint;
//              as older builds wrote them
//   meta       'M' name
//   text       bytes, each 00 written as 00 FF, then 00 01: so no text is a prefix of another
//   value      the rank of its type, then bytes ordered as compare(Json, Json) orders values
//
// Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/crypto.h"
#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "domain/period.h"
#include "storage/kv/kv.h"
#include "storage/shapes/collections.h"
#include "storage/shapes/store.h"

namespace metergate::keys {

// The tags of rows, which are folded from events, by tenant.
inline constexpr char kMonth = 'm';      // place: u32(period)
inline constexpr char kDay = 'd';        // place: u32(days since the epoch)
inline constexpr char kBackfill = 'b';   // place: u32(period); what came as day totals
inline constexpr char kEndpoints = 'e';  // place: u32(period)
inline constexpr char kHour = 'h';       // place: u64(hour in ms) endpoint
inline constexpr char kTotals = 't';     // place: nothing
// Rows of the provider's own meters; `meter` is text(slug) u64(sequence of its creation).
inline constexpr char kMeterMinute = 'n';  // place: meter u64(minute in ms) group
inline constexpr char kMeterDay = 'y';     // place: meter u32(days since the epoch) group
inline constexpr char kMeterMonth = 'o';   // place: meter u32(period); all groups together
inline constexpr char kMeterGroups = 'g';  // place: meter u32(period); the groups there are
inline constexpr char kVoided = 'V';       // u32(period) u64(sequence) u32(index): a voided event
inline constexpr char kDocument = 'D';
inline constexpr char kIndex = 'I';
inline constexpr char kIdRunPage = 'K';
inline constexpr char kIdRunHead = 'F';
inline constexpr char kEventId = 'J';
inline constexpr char kMeta = 'M';

void append_u32(std::string& out, std::int64_t value);  // signed order kept; fits in 32 bits
void append_u64(std::string& out, std::int64_t value);  // signed order kept
void append_text(std::string& out, std::string_view text);
void append_value(std::string& out, const Json* value);  // nullptr counts as null

// Read values that the functions above wrote from the front of `bytes`; otherwise
// ErrorCode::corrupt.
Result<std::int64_t> take_u32(std::string_view& bytes);
Result<std::int64_t> take_u64(std::string_view& bytes);
Result<std::string> take_text(std::string_view& bytes);

// The first key after all keys that begin with `prefix`; empty if there is none.
std::string after_prefix(std::string prefix);

// text(tenant) text(id)
std::string tail_of(const DocumentKey& key);
Result<DocumentKey> parse_tail(std::string_view tail);
std::string document_prefix(Collection collection);
std::string document(Collection collection, std::string_view tail);
std::string index_prefix(Collection collection, std::size_t index);
std::string index_entry(Collection collection, std::size_t index, const Json& document);

// Within a tenant's rows: the tag and the place, by which a hot row is found in memory.
std::string month_place(Period period);
std::string day_place(Day day);
std::string backfill_place(Period period);
std::string endpoints_place(Period period);
std::string hour_place(Timestamp hour, std::string_view endpoint);
void append_hour_place(std::string& out, Timestamp hour, std::string_view endpoint);
inline std::string totals_place() { return std::string(1, kTotals); }
std::string row(std::string_view tenant, std::string_view place);
Result<Period> period_of(std::string_view place);  // of a month, backfill or endpoints
Result<Day> day_of(std::string_view place);
std::string meter_minute_place(std::string_view meter, Timestamp minute, std::string_view group);
std::string meter_day_place(std::string_view meter, Day day, std::string_view group);
std::string meter_month_place(std::string_view meter, Period period);
std::string meter_groups_place(std::string_view meter, Period period);
// The part of such a place that names the meter.
Result<std::string> meter_of(std::string_view place);
struct HourPlace {
  Timestamp hour;
  std::string endpoint;
};
Result<HourPlace> hour_of(std::string_view place);

std::string voided_prefix(Period period);
std::string voided(Period period, const KeptEvent& kept);
Result<std::pair<std::uint64_t, std::uint32_t>> voided_place(std::string_view key);

struct RunName {
  std::int32_t period = 0;
  std::uint64_t number = 0;
};
std::string run_head(RunName name);
std::string run_page(RunName name, std::uint32_t page);
KeyRange run_pages(RunName name);
Result<RunName> run_of(std::string_view key);  // from the key of a page or head
// A lower bound of the keys with that tag for the period and later ones.
std::string ids_of_period(char tag, std::int32_t period);
struct SingleId {
  std::int32_t period = 0;
  Hash128 id;
};
Result<SingleId> single_id_of(std::string_view key);
std::string meta(std::string_view name);

}  // namespace metergate::keys
