#include "storage/view/meter_table.h"

#include "base/characters.h"
#include "storage/shapes/keys.h"
#include "storage/shapes/meter_shapes.h"

namespace metergate {
namespace {

constexpr char kNoValue = 0;
constexpr char kValue = 1;

const Json* find_at(const Json& data, const DataPath& path) {
  const Json* at = &data;
  for (const std::string& name : path) {
    at = at->find(name);
    if (at == nullptr) return nullptr;
  }
  return at;
}

// The text of a text, number or boolean; numbers by value, so that 1.50 and 1.5 are equal.
std::optional<std::string> scalar_text(const Json* value) {
  if (value == nullptr) return std::nullopt;
  switch (value->kind()) {
    case Json::Kind::string:
      return value->as_string();
    case Json::Kind::boolean:
      return value->as_bool() ? "true" : "false";
    case Json::Kind::integer:
    case Json::Kind::decimal:
      return to_text(trimmed(*value->number()));
    case Json::Kind::number_text:
      if (const auto number = value->exact_number()) return to_text(*number);
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

// Never cuts inside a character.
void cut(std::string& text) { text.resize(clipped(text, kGroupValueMax).size()); }

// The value of a number, or of a text that holds one.
std::optional<Quantity> quantity_of(const Json& value, bool is_rounded) {
  constexpr std::size_t kTextMax = 64;
  if (!is_rounded) {
    if (value.is_string()) return Quantity::parse(value.as_string());
    const std::optional<Decimal> number = value.number();
    return number ? Quantity::of(*number) : std::nullopt;
  }
  std::optional<ExactNumber> number = value.exact_number();
  if (value.is_string() && value.as_string().size() <= kTextMax)
    number = ExactNumber::parse(value.as_string());
  return number ? Quantity::rounded(*number) : std::nullopt;
}

Result<CountedMeter> counted_from(const Json& document) {
  CountedMeter counted;
  counted.meter = TRY(meter_from(document)).meter;
  const auto since = document.integer_at(kMeterSince);
  if (!since || *since < 0)
    return fail(ErrorCode::corrupt, "the stored meter '" + counted.meter.slug + "' has no start");
  counted.since = static_cast<std::uint64_t>(*since);
  counted.from = document.timestamp_at(kMeterFrom);
  counted.value_path = parse_path(counted.meter.value_path).value_or(DataPath{});
  for (const Dimension& dimension : counted.meter.group_by)
    counted.group_paths.push_back(parse_path(dimension.path).value_or(DataPath{}));
  keys::append_text(counted.key, counted.meter.slug);
  keys::append_u64(counted.key, *since);
  return counted;
}

}  // namespace

Result<> MeterTable::set(const std::string& slug, const std::optional<Json>& document) {
  by_slug_.erase(slug);
  if (document) by_slug_.emplace(slug, TRY(counted_from(*document)));
  sort_by_type();
  return {};
}

void MeterTable::add(CountedMeter meter) {
  by_slug_.insert_or_assign(meter.meter.slug, std::move(meter));
  sort_by_type();
}

void MeterTable::sort_by_type() {
  by_type_.clear();
  for (const auto& [slug, counted] : by_slug_)
    by_type_[counted.meter.event_type].push_back(&counted);
}

const CountedMeter* MeterTable::find(std::string_view slug) const {
  const auto at = by_slug_.find(slug);
  return at == by_slug_.end() ? nullptr : &at->second;
}

const MeterTable::Group* MeterTable::of_type(const std::string& type) const {
  if (by_type_.empty()) return nullptr;
  const auto at = by_type_.find(type);
  return at == by_type_.end() ? nullptr : &at->second;
}

EventContent data_of(const OtherFact& fact) {
  Result<Json> data = parse_json(fact.data, JsonNumbers::any);
  return {data ? *std::move(data) : Json(), fact.is_rounded};
}

const Json* value_of(const CountedMeter& meter, const Json& data) {
  if (!row_of(meter.meter.aggregation).needs_value) return nullptr;
  const Json* value = find_at(data, meter.value_path);
  return value == nullptr || value->is_null() ? nullptr : value;
}

MeterReading reading_of(const CountedMeter& meter, const EventContent& data, Timestamp at,
                        const HashKey& key) {
  MeterReading reading;
  reading.at = at;
  const FoldingRow& row = row_of(meter.meter.aggregation);
  if (!row.needs_value) {
    reading.is_usable = true;
    return reading;
  }
  const Json* value = value_of(meter, data.json);
  if (value == nullptr) return reading;
  if (row.aggregation == Folding::unique_count) {
    const std::optional<std::string> text = scalar_text(value);
    if (!text) return reading;
    const Hash128 hash = keyed_hash(key, *text);
    reading.mark = {hash.high, hash.low};
    reading.is_usable = true;
    return reading;
  }
  const std::optional<Quantity> quantity = quantity_of(*value, data.is_rounded);
  // Percentiles have a relative error, which has no meaning for negative values.
  if (!quantity || (row.permille > 0 && quantity->billionths < 0)) return reading;
  reading.value = *quantity;
  reading.is_usable = true;
  return reading;
}

GroupValues group_of(const CountedMeter& meter, const Json& data) {
  GroupValues values;
  values.reserve(meter.group_paths.size());
  for (const DataPath& path : meter.group_paths) {
    std::optional<std::string> text = scalar_text(find_at(data, path));
    if (text) cut(*text);
    values.push_back(std::move(text));
  }
  return values;
}

std::string encode_group(const GroupValues& values) {
  std::string bytes;
  for (const std::optional<std::string>& value : values) {
    bytes.push_back(value ? kValue : kNoValue);
    if (value) keys::append_text(bytes, *value);
  }
  return bytes;
}

Result<std::optional<GroupValues>> decode_group(std::string_view bytes) {
  if (bytes == kOtherGroup) return std::optional<GroupValues>();
  GroupValues values;
  while (!bytes.empty()) {
    const char tag = bytes.front();
    bytes.remove_prefix(1);
    if (tag == kNoValue) {
      values.emplace_back(std::nullopt);
    } else if (tag == kValue) {
      values.emplace_back(TRY(keys::take_text(bytes)));
    } else {
      return fail(ErrorCode::corrupt, "the group of a meter's cell cannot be read");
    }
  }
  return std::optional(std::move(values));
}

}  // namespace metergate
