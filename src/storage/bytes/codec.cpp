#include "storage/bytes/codec.h"

#include <cstring>

#include "base/check.h"
#include "storage/bytes/codec_format.h"

namespace metergate {
namespace {

using namespace codec_format;

std::uint64_t zig_zag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63);
}

// Writes into memory that is large enough, without checks: every event is encoded.
class RawWriter {
 public:
  explicit RawWriter(char* start) : at_(start) {}
  char* end() const { return at_; }

  void byte(std::uint8_t value) { *at_++ = static_cast<char>(value); }
  void unsigned_number(std::uint64_t value) {
    for (; value >= 0x80U; value >>= 7U) byte(static_cast<std::uint8_t>(value | 0x80U));
    byte(static_cast<std::uint8_t>(value));
  }
  void number(std::int64_t value) { unsigned_number(zig_zag(value)); }
  void text(std::string_view value) {
    unsigned_number(value.size());
    std::memcpy(at_, value.data(), value.size());
    at_ += value.size();
  }

 private:
  char* at_;
};

// The numbers of an event and the lengths of its texts, at most ten bytes each.
constexpr std::size_t kEventNumbersBytesMax = 192;

struct FactWriter {
  RawWriter& to;

  void operator()(const ApiCall& call) const {
    to.text(call.method);
    to.text(call.endpoint);
    to.text(call.path);
    to.number(call.status);
    to.number(call.request_bytes);
    to.number(call.response_bytes);
    to.number(call.duration.count());
    to.text(call.ip);
    to.text(call.store_id);
    to.text(call.device_id);
    if (!call.caller.empty() || !call.traceparent.empty()) to.text(call.caller);
    if (!call.traceparent.empty()) to.text(call.traceparent);
  }
  void operator()(const WebhookCall& call) const {
    to.text(call.webhook_id);
    to.byte(call.success ? 1 : 0);
    to.number(call.status);
    to.number(call.attempt);
    to.number(call.duration.count());
  }
  void operator()(const StorageReport& report) const { to.number(report.bytes); }
  void operator()(const CountReport& report) const {
    to.byte(static_cast<std::uint8_t>(report.meter));
    to.byte(report.count ? 1 : 0);
    if (report.count) to.number(*report.count);
  }
  void operator()(const OtherFact& fact) const {
    to.text(fact.type);
    to.text(fact.data);
  }
};

std::size_t kind_of(const Fact& fact) {
  if (const auto* call = std::get_if<ApiCall>(&fact)) {
    if (!call->traceparent.empty()) return kTracedFact;
    if (!call->caller.empty()) return kCalledFact;
  }
  if (const auto* other = std::get_if<OtherFact>(&fact); other != nullptr && other->is_rounded)
    return kRoundedFact;
  return fact.index();
}

void encode_json(Encoder& to, const Json& value, unsigned depth) {
  CHECK(depth <= kJsonDepthMax);
  const auto tag = [&to](JsonTag of) { to.byte(static_cast<std::uint8_t>(of)); };
  switch (value.kind()) {
    case Json::Kind::null:
      return tag(JsonTag::null);
    case Json::Kind::boolean:
      return tag(value.as_bool() ? JsonTag::yes : JsonTag::no);
    case Json::Kind::integer:
      tag(JsonTag::integer);
      return to.number(value.as_integer());
    case Json::Kind::decimal: {
      const auto decimal = value.number();
      CHECK(decimal.has_value());
      tag(JsonTag::decimal);
      to.number(decimal->unscaled);
      return to.byte(decimal->scale);
    }
    case Json::Kind::string:
      tag(JsonTag::string);
      return to.text(value.as_string());
    case Json::Kind::timestamp:
      tag(JsonTag::timestamp);
      return to.number(value.as_timestamp().time_since_epoch().count());
    case Json::Kind::array:
      tag(JsonTag::array);
      to.unsigned_number(value.as_array().size());
      for (const Json& element : value.as_array()) encode_json(to, element, depth + 1);
      return;
    case Json::Kind::object:
      tag(JsonTag::object);
      to.unsigned_number(value.as_object().size());
      for (const auto& [key, member] : value.as_object()) {
        to.text(key);
        encode_json(to, member, depth + 1);
      }
      return;
    case Json::Kind::number_text:
      tag(JsonTag::number_text);
      return to.text(value.as_number_text());
  }
}

}  // namespace

void Encoder::unsigned_number(std::uint64_t value) {
  for (; value >= 0x80U; value >>= 7U) byte(static_cast<std::uint8_t>(value | 0x80U));
  byte(static_cast<std::uint8_t>(value));
}

void Encoder::fixed(std::uint64_t value) {
  for (unsigned shift = 0; shift < 64; shift += 8) byte(static_cast<std::uint8_t>(value >> shift));
}

void Encoder::number(std::int64_t value) { unsigned_number(zig_zag(value)); }

void Encoder::text(std::string_view value) {
  unsigned_number(value.size());
  out_.append(value);
}

void Encoder::event(const UsageEvent& event) {
  const std::size_t before = out_.size();
  const std::size_t room = kEventNumbersBytesMax + text_bytes(event);
  std::size_t bits = kind_of(event.fact);
  if (event.has_own_time) bits |= kOwnTime;
  if (event.billable) bits |= kBillable;
  if (event.is_ours) bits |= kOurs;
  out_.resize_and_overwrite(before + room, [&](char* start, std::size_t) {
    RawWriter to{start + before};
    to.byte(static_cast<std::uint8_t>(bits));
    to.text(event.tenant.text());
    to.text(event.source);
    to.text(event.id);
    to.number(event.occurred_at.time_since_epoch().count());
    std::visit(FactWriter{to}, event.fact);
    return to.end() - start;
  });
}

void Encoder::calls(const CallSums& sums) {
  byte(kCallsVersion);
  number(sums.count);
  number(sums.unbilled);
  for (const std::int64_t status_class : sums.by_status_class) number(status_class);
  number(sums.request_bytes);
  number(sums.response_bytes);
  number(sums.duration_us);
  histogram(sums.durations);
}

void Encoder::histogram(const Histogram& histogram) {
  unsigned_number(histogram.buckets().size());
  unsigned before = 0;
  for (const Histogram::Bucket& bucket : histogram.buckets()) {
    unsigned_number(bucket.index - before);
    unsigned_number(bucket.count);
    before = bucket.index;
  }
}

void Encoder::quantity(Quantity value) {
  number(static_cast<std::int64_t>(value.billionths >> 64));
  unsigned_number(static_cast<std::uint64_t>(value.billionths));
}

// Parts that the aggregation does not use have their initial value and are not written.
void Encoder::cell(const MeterCell& cell) {
  std::uint8_t present = 0;
  const auto mark = [&present](bool is_there, CellPart part) {
    if (is_there) present = static_cast<std::uint8_t>(present | static_cast<unsigned>(part));
  };
  const MeterCell nothing;
  mark(cell.sum != nothing.sum, CellPart::sum);
  mark(cell.least != nothing.least || cell.greatest != nothing.greatest, CellPart::extremes);
  mark(cell.latest_at != nothing.latest_at || cell.latest != nothing.latest, CellPart::latest);
  mark(!cell.unique.empty(), CellPart::unique);
  mark(cell.is_full, CellPart::full);
  mark(!cell.values.buckets().empty(), CellPart::values);
  byte(kCellVersion);
  number(cell.count);
  number(cell.unusable);
  byte(present);
  const auto has = [present](CellPart part) {
    return (present & static_cast<unsigned>(part)) != 0;
  };
  if (has(CellPart::sum)) quantity(cell.sum);
  if (has(CellPart::extremes)) {
    quantity(cell.least);
    quantity(cell.greatest);
  }
  if (has(CellPart::latest)) {
    quantity(cell.latest);
    number(cell.latest_at.time_since_epoch().count());
  }
  if (has(CellPart::unique)) {
    unsigned_number(cell.unique.size());
    for (const UniqueMark& unique : cell.unique) {
      fixed(unique.high);
      fixed(unique.low);
    }
  }
  if (has(CellPart::values)) histogram(cell.values);
}

void Encoder::counter(const Counter& counter) {
  byte(kCounterVersion);
  calls(counter.calls);
  number(counter.webhooks.count);
  number(counter.webhooks.failures);
  number(counter.webhooks.duration_us);
  std::uint8_t present = 0;
  for (std::size_t i = 0; i < kGauges.size(); ++i) {
    if (counter.gauges.*kGauges[i] != Gauge{})
      present = static_cast<std::uint8_t>(present | 1U << i);
  }
  byte(present);
  for (std::size_t i = 0; i < kGauges.size(); ++i) {
    if ((present >> i & 1U) == 0) continue;
    const Gauge& gauge = counter.gauges.*kGauges[i];
    number(gauge.last);
    number(gauge.peak);
    number(gauge.at.time_since_epoch().count());
  }
  number(counter.updated_at.time_since_epoch().count());
}

void Encoder::json(const Json& value) { encode_json(*this, value, 0); }

}  // namespace metergate
