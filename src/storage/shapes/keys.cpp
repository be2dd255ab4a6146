#include "storage/shapes/keys.h"

#include <algorithm>

#include "base/check.h"

namespace metergate::keys {
namespace {

constexpr std::uint64_t kSign64 = std::uint64_t{1} << 63;
constexpr std::int64_t kSign32 = std::int64_t{1} << 31;

void append_big_endian(std::string& out, std::uint64_t value, unsigned bytes) {
  for (unsigned i = bytes; i-- > 0;) out.push_back(static_cast<char>(value >> (8 * i) & 0xFFU));
}

Result<std::uint64_t> take_big_endian(std::string_view& bytes, unsigned count) {
  if (bytes.size() < count) return fail(ErrorCode::corrupt, "a key of the view is cut short");
  std::uint64_t value = 0;
  for (unsigned i = 0; i < count; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  bytes.remove_prefix(count);
  return value;
}

enum class Rank : char { null = 1, number, string, object, array, boolean, timestamp };

// Numbers ordered by value, whatever their scale: the sign, the power of ten of the first digit,
// then the digits and an end mark. For negative numbers every byte is inverted.
void append_number(std::string& out, Decimal number) {
  const Decimal value = trimmed(number);
  if (value.unscaled == 0) {
    out.push_back(1);
    return;
  }
  const bool is_negative = value.unscaled < 0;
  std::uint64_t rest = static_cast<std::uint64_t>(value.unscaled);
  if (is_negative) rest = ~rest + 1;
  std::string digits;
  for (; rest != 0; rest /= 10) digits.push_back(static_cast<char>(rest % 10 + 1));
  const auto power = static_cast<int>(digits.size()) - value.scale;
  // Trailing zeros are implied by the power.
  digits.erase(0, digits.find_first_not_of(char{1}));
  std::ranges::reverse(digits);
  const std::size_t start = out.size();
  out.push_back(static_cast<char>(power + 64));
  out += digits;
  out.push_back(0);
  if (is_negative) {
    for (std::size_t i = start; i < out.size(); ++i) out[i] = static_cast<char>(~out[i]);
  }
  out.insert(start, 1, is_negative ? char{0} : char{2});
}

std::string place(char tag, std::int64_t value) {
  std::string out(1, tag);
  append_u32(out, value);
  return out;
}

Result<std::int64_t> number_of(std::string_view row_place) {
  if (row_place.empty()) return fail(ErrorCode::corrupt, "a row of the view has no place");
  row_place.remove_prefix(1);
  return take_u32(row_place);
}

}  // namespace

void append_u32(std::string& out, std::int64_t value) {
  CHECK(value >= -kSign32 && value < kSign32);
  append_big_endian(out, static_cast<std::uint64_t>(value + kSign32), 4);
}

void append_u64(std::string& out, std::int64_t value) {
  append_big_endian(out, static_cast<std::uint64_t>(value) ^ kSign64, 8);
}

void append_text(std::string& out, std::string_view text) {
  for (const char c : text) {
    out.push_back(c);
    if (c == 0) out.push_back('\xFF');
  }
  out.push_back(0);
  out.push_back(1);
}

void append_value(std::string& out, const Json* value) {
  const auto rank = [&out](Rank of) { out.push_back(static_cast<char>(of)); };
  switch (value == nullptr ? Json::Kind::null : value->kind()) {
    case Json::Kind::null:
      return rank(Rank::null);
    case Json::Kind::integer:
    case Json::Kind::decimal:
      rank(Rank::number);
      return append_number(out, *value->number());
    case Json::Kind::string:
      rank(Rank::string);
      return append_text(out, value->as_string());
    case Json::Kind::boolean:
      rank(Rank::boolean);
      out.push_back(value->as_bool() ? 1 : 0);
      return;
    case Json::Kind::timestamp:
      rank(Rank::timestamp);
      return append_u64(out, value->as_timestamp().time_since_epoch().count());
    // Indexed fields hold single values; other kinds are distinguished here, but not ordered.
    case Json::Kind::object:
    case Json::Kind::number_text:
      rank(Rank::object);
      return append_text(out, to_text(*value));
    case Json::Kind::array:
      rank(Rank::array);
      return append_text(out, to_text(*value));
  }
}

Result<std::int64_t> take_u32(std::string_view& bytes) {
  return static_cast<std::int64_t>(TRY(take_big_endian(bytes, 4))) - kSign32;
}

Result<std::int64_t> take_u64(std::string_view& bytes) {
  return static_cast<std::int64_t>(TRY(take_big_endian(bytes, 8)) ^ kSign64);
}

Result<std::string> take_text(std::string_view& bytes) {
  std::string text;
  for (std::size_t i = 0; i + 1 < bytes.size(); ++i) {
    if (bytes[i] != 0) {
      text.push_back(bytes[i]);
    } else if (bytes[i + 1] == '\xFF') {
      text.push_back(bytes[i++]);
    } else if (bytes[i + 1] == 1) {
      bytes.remove_prefix(i + 2);
      return text;
    } else {
      break;
    }
  }
  return fail(ErrorCode::corrupt, "a text in a key of the view does not end");
}

std::string after_prefix(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xFF') prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

std::string tail_of(const DocumentKey& key) {
  std::string tail;
  append_text(tail, key.tenant);
  append_text(tail, key.id);
  return tail;
}

Result<DocumentKey> parse_tail(std::string_view tail) {
  DocumentKey key;
  key.tenant = TRY(take_text(tail));
  key.id = TRY(take_text(tail));
  if (!tail.empty()) return fail(ErrorCode::corrupt, "bytes after a document's key in the view");
  return key;
}

std::string document_prefix(Collection collection) {
  return {kDocument, static_cast<char>(collection)};
}

std::string document(Collection collection, std::string_view tail) {
  return document_prefix(collection).append(tail);
}

std::string index_prefix(Collection collection, std::size_t index) {
  return {kIndex, static_cast<char>(collection), static_cast<char>(index)};
}

std::string index_entry(Collection collection, std::size_t index, const Json& document) {
  std::string key = index_prefix(collection, index);
  for (const std::string_view field : row_of(collection).indexes[index].fields)
    append_value(key, member_at(document, field));
  return key;
}

std::string month_place(Period period) { return place(kMonth, period.ordinal()); }

std::string day_place(Day day) { return place(kDay, day.time_since_epoch().count()); }

std::string backfill_place(Period period) { return place(kBackfill, period.ordinal()); }

std::string endpoints_place(Period period) { return place(kEndpoints, period.ordinal()); }

std::string hour_place(Timestamp hour, std::string_view endpoint) {
  std::string out;
  append_hour_place(out, hour, endpoint);
  return out;
}

void append_hour_place(std::string& out, Timestamp hour, std::string_view endpoint) {
  out += kHour;
  append_u64(out, hour.time_since_epoch().count());
  out += endpoint;
}

std::string meter_minute_place(std::string_view meter, Timestamp minute, std::string_view group) {
  std::string out(1, kMeterMinute);
  out += meter;
  append_u64(out, minute.time_since_epoch().count());
  out += group;
  return out;
}

std::string meter_day_place(std::string_view meter, Day day, std::string_view group) {
  std::string out(1, kMeterDay);
  out += meter;
  append_u32(out, day.time_since_epoch().count());
  out += group;
  return out;
}

std::string meter_month_place(std::string_view meter, Period period) {
  std::string out(1, kMeterMonth);
  out += meter;
  append_u32(out, period.ordinal());
  return out;
}

std::string meter_groups_place(std::string_view meter, Period period) {
  std::string out(1, kMeterGroups);
  out += meter;
  append_u32(out, period.ordinal());
  return out;
}

Result<std::string> meter_of(std::string_view place) {
  if (place.empty()) return fail(ErrorCode::corrupt, "a row of the view has no place");
  std::string_view rest = place.substr(1);
  TRY(take_text(rest));
  TRY(take_u64(rest));
  return std::string(place.substr(1, place.size() - 1 - rest.size()));
}

std::string row(std::string_view tenant, std::string_view place) {
  CHECK(!place.empty());
  std::string key(1, place.front());
  append_text(key, tenant);
  key += place.substr(1);
  return key;
}

Result<Period> period_of(std::string_view place) {
  return Period::from_ordinal(static_cast<std::int32_t>(TRY(number_of(place))));
}

Result<Day> day_of(std::string_view place) { return Day{std::chrono::days{TRY(number_of(place))}}; }

Result<HourPlace> hour_of(std::string_view place) {
  if (place.empty()) return fail(ErrorCode::corrupt, "a row of the view has no place");
  place.remove_prefix(1);
  const std::int64_t ms = TRY(take_u64(place));
  return HourPlace{Timestamp{Milliseconds{ms}}, std::string{place}};
}

std::string voided_prefix(Period period) { return place(kVoided, period.ordinal()); }

std::string voided(Period period, const KeptEvent& kept) {
  std::string key = voided_prefix(period);
  append_big_endian(key, kept.sequence, 8);
  append_big_endian(key, kept.index, 4);
  return key;
}

Result<std::pair<std::uint64_t, std::uint32_t>> voided_place(std::string_view key) {
  key.remove_prefix(std::min<std::size_t>(key.size(), 5));
  const std::uint64_t sequence = TRY(take_big_endian(key, 8));
  const std::uint64_t index = TRY(take_big_endian(key, 4));
  return std::pair{sequence, static_cast<std::uint32_t>(index)};
}

std::string ids_of_period(char tag, std::int32_t period) { return place(tag, period); }

std::string run_head(RunName name) {
  std::string key = ids_of_period(kIdRunHead, name.period);
  append_big_endian(key, name.number, 8);
  return key;
}

std::string run_page(RunName name, std::uint32_t page) {
  std::string key = ids_of_period(kIdRunPage, name.period);
  append_big_endian(key, name.number, 8);
  append_big_endian(key, page, 4);
  return key;
}

KeyRange run_pages(RunName name) {
  return {run_page(name, 0), run_page({name.period, name.number + 1}, 0)};
}

Result<RunName> run_of(std::string_view key) {
  key.remove_prefix(std::min<std::size_t>(key.size(), 1));
  RunName name;
  name.period = static_cast<std::int32_t>(TRY(take_u32(key)));
  name.number = TRY(take_big_endian(key, 8));
  return name;
}

Result<SingleId> single_id_of(std::string_view key) {
  key.remove_prefix(std::min<std::size_t>(key.size(), 1));
  SingleId single;
  single.period = static_cast<std::int32_t>(TRY(take_u32(key)));
  single.id.high = TRY(take_big_endian(key, 8));
  single.id.low = TRY(take_big_endian(key, 8));
  return single;
}

std::string meta(std::string_view name) { return std::string(1, kMeta).append(name); }

}  // namespace metergate::keys
