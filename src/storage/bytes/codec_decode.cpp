#include <algorithm>
#include <utility>
#include <vector>

#include "storage/bytes/byte_reader.h"
#include "storage/bytes/codec.h"
#include "storage/bytes/codec_format.h"

namespace metergate {
namespace {

using namespace codec_format;

constexpr std::size_t kReserveMax = 1024;  // more is allocated only as the bytes prove to be there

class Reader : public ByteReader {
 public:
  using ByteReader::ByteReader;

  UsageEvent event();
  CallSums calls();
  Counter counter();
  Json json(unsigned depth);
  MeterCell cell();

 private:
  void expect_version(std::uint8_t version) {
    if (byte() != version) refuse("it is of a version that this program does not know");
  }

  Fact fact(std::uint8_t kind);
  ApiCall api_call(std::uint8_t kind);
  WebhookCall webhook_call();
  CountReport count_report();
  Histogram histogram();
  Gauges gauges();
  Decimal decimal();
  Quantity quantity();
  std::uint64_t fixed();
  std::vector<UniqueMark> marks();
  Json array(unsigned depth);
  Json object(unsigned depth);
};

ApiCall Reader::api_call(std::uint8_t kind) {
  ApiCall call;
  call.method = text();
  call.endpoint = text();
  call.path = text();
  call.status = narrow<int>();
  call.request_bytes = number();
  call.response_bytes = number();
  call.duration = Microseconds{number()};
  call.ip = text();
  call.store_id = text();
  call.device_id = text();
  if (has_caller(kind)) call.caller = text();
  if (kind == kTracedFact) call.traceparent = text();
  return call;
}

WebhookCall Reader::webhook_call() {
  WebhookCall call;
  call.webhook_id = text();
  call.success = boolean();
  call.status = narrow<int>();
  call.attempt = narrow<std::int32_t>();
  call.duration = Microseconds{number()};
  return call;
}

CountReport Reader::count_report() {
  CountReport report;
  const std::uint8_t meter = byte();
  if (meter > static_cast<std::uint8_t>(Meter::devices_count)) refuse("there is no such meter");
  report.meter = static_cast<Meter>(meter);
  if (boolean()) report.count = number();
  return report;
}

Fact Reader::fact(std::uint8_t kind) {
  switch (kind) {
    case 0:
    case kCalledFact:
    case kTracedFact:
      return api_call(kind);
    case 1:
      return webhook_call();
    case 2:
      return StorageReport{number()};
    case 3:
      return count_report();
    case 4:
    case kRoundedFact: {
      OtherFact other;
      other.is_rounded = kind == kRoundedFact;
      other.type = text();
      other.data = text();
      return other;
    }
    default:
      refuse("there is no such kind of event");
      return {};
  }
}

UsageEvent Reader::event() {
  const std::uint8_t bits = byte();
  if (bits >= 64) refuse("the event is of a version that this program does not know");
  UsageEvent event;
  auto tenant = TenantId::parse(view());
  if (!tenant) return refuse("a tenant id is malformed"), event;
  event.tenant = *std::move(tenant);
  event.source = text();
  event.id = text();
  event.occurred_at = timestamp();
  event.has_own_time = (bits & kOwnTime) != 0;
  event.billable = (bits & kBillable) != 0;
  event.is_ours = (bits & kOurs) != 0;
  event.fact = fact(bits & kFactMask);
  return event;
}

Histogram Reader::histogram() {
  Histogram histogram;
  const std::size_t size = count(2);
  std::vector<Histogram::Bucket> buckets;
  buckets.reserve(std::min(size, kReserveMax));
  std::uint64_t index = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const std::uint64_t step = unsigned_number();
    const std::uint64_t times = unsigned_number();
    if (step > UINT16_MAX || index + step > UINT16_MAX || times > UINT32_MAX) {
      return refuse("a bucket of a histogram is out of range"), histogram;
    }
    index += step;
    buckets.push_back({static_cast<std::uint16_t>(index), static_cast<std::uint32_t>(times)});
  }
  if (fault() == nullptr && !histogram.assign(std::move(buckets))) {
    refuse("the buckets of a histogram are not in order");
  }
  return histogram;
}

CallSums Reader::calls() {
  CallSums sums;
  expect_version(kCallsVersion);
  sums.count = number();
  sums.unbilled = number();
  for (std::int64_t& status_class : sums.by_status_class) status_class = number();
  sums.request_bytes = number();
  sums.response_bytes = number();
  sums.duration_us = number();
  sums.durations = histogram();
  return sums;
}

Gauges Reader::gauges() {
  Gauges gauges;
  const std::uint8_t present = byte();
  if (present >= 1U << kGauges.size()) refuse("there is no such gauge");
  for (std::size_t i = 0; i < kGauges.size(); ++i) {
    if ((present >> i & 1U) == 0) continue;
    Gauge& gauge = gauges.*kGauges[i];
    gauge.last = number();
    gauge.peak = number();
    gauge.at = timestamp();
  }
  return gauges;
}

Counter Reader::counter() {
  Counter counter;
  expect_version(kCounterVersion);
  counter.calls = calls();
  counter.webhooks.count = number();
  counter.webhooks.failures = number();
  counter.webhooks.duration_us = number();
  counter.gauges = gauges();
  counter.updated_at = timestamp();
  return counter;
}

Decimal Reader::decimal() {
  Decimal value;
  value.unscaled = number();
  value.scale = byte();
  if (value.scale > 18) refuse("a decimal has more than 18 decimals");
  return value;
}

Json Reader::array(unsigned depth) {
  const std::size_t size = count(1);
  Json::Array elements;
  elements.reserve(std::min(size, kReserveMax));
  for (std::size_t i = 0; i < size && fault() == nullptr; ++i) elements.push_back(json(depth + 1));
  return elements;
}

Json Reader::object(unsigned depth) {
  const std::size_t size = count(2);
  Json::Object members;
  members.reserve(std::min(size, kReserveMax));
  for (std::size_t i = 0; i < size && fault() == nullptr; ++i) {
    std::string key = text();
    members.emplace_back(std::move(key), json(depth + 1));
  }
  return members;
}

Json Reader::json(unsigned depth) {
  if (depth > kJsonDepthMax) return refuse("a document is nested too deeply"), Json{};
  switch (static_cast<JsonTag>(byte())) {
    case JsonTag::null:
      return {};
    case JsonTag::no:
      return false;
    case JsonTag::yes:
      return true;
    case JsonTag::integer:
      return number();
    case JsonTag::decimal:
      return decimal();
    case JsonTag::string:
      return text();
    case JsonTag::timestamp:
      return timestamp();
    case JsonTag::array:
      return array(depth);
    case JsonTag::object:
      return object(depth);
    case JsonTag::number_text:
      return NumberText{text()};
  }
  return refuse("there is no such kind of value"), Json{};
}

Quantity Reader::quantity() {
  const Wide high = number();
  return {high << 64 | Wide{unsigned_number()}};
}

std::uint64_t Reader::fixed() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 8) value |= std::uint64_t{byte()} << shift;
  return value;
}

std::vector<UniqueMark> Reader::marks() {
  const std::size_t size = count(16);
  std::vector<UniqueMark> marks;
  marks.reserve(std::min(size, kReserveMax));
  for (std::size_t i = 0; i < size; ++i) {
    UniqueMark mark;
    mark.high = fixed();
    mark.low = fixed();
    if (!marks.empty() && marks.back() >= mark) {
      return refuse("the different values of a meter are not in order"), marks;
    }
    marks.push_back(mark);
  }
  return marks;
}

MeterCell Reader::cell() {
  MeterCell cell;
  expect_version(kCellVersion);
  cell.count = number();
  cell.unusable = number();
  const std::uint8_t present = byte();
  if (present > kCellParts) refuse("a meter's cell has a part that is not known");
  const auto has = [present](CellPart part) {
    return (present & static_cast<unsigned>(part)) != 0;
  };
  if (has(CellPart::sum)) cell.sum = quantity();
  if (has(CellPart::extremes)) {
    cell.least = quantity();
    cell.greatest = quantity();
  }
  if (has(CellPart::latest)) {
    cell.latest = quantity();
    cell.latest_at = timestamp();
  }
  if (has(CellPart::unique)) cell.unique = marks();
  cell.is_full = has(CellPart::full);
  if (has(CellPart::values)) cell.values = histogram();
  return cell;
}

// Reads one value with `read` and moves past it; after a fault the position is unchanged.
template <class Read>
auto decode(std::string_view& rest, Read read) -> Result<decltype(read(std::declval<Reader&>()))> {
  Reader reader{rest};
  auto value = read(reader);
  if (reader.fault() != nullptr) {
    return fail(ErrorCode::corrupt, std::string{"stored bytes are damaged: "} + reader.fault());
  }
  rest = reader.rest();
  return value;
}

}  // namespace

Result<std::uint8_t> Decoder::byte() {
  return decode(rest_, [](Reader& reader) { return reader.byte(); });
}
Result<std::uint64_t> Decoder::unsigned_number() {
  return decode(rest_, [](Reader& reader) { return reader.unsigned_number(); });
}
Result<std::int64_t> Decoder::number() {
  return decode(rest_, [](Reader& reader) { return reader.number(); });
}
Result<std::string> Decoder::text() {
  return decode(rest_, [](Reader& reader) { return reader.text(); });
}
Result<std::string_view> Decoder::view() {
  return decode(rest_, [](Reader& reader) { return reader.view(); });
}
Result<UsageEvent> Decoder::event() {
  return decode(rest_, [](Reader& reader) { return reader.event(); });
}
Result<Counter> Decoder::counter() {
  return decode(rest_, [](Reader& reader) { return reader.counter(); });
}
Result<CallSums> Decoder::calls() {
  return decode(rest_, [](Reader& reader) { return reader.calls(); });
}
Result<MeterCell> Decoder::cell() {
  return decode(rest_, [](Reader& reader) { return reader.cell(); });
}
Result<Json> Decoder::json() {
  return decode(rest_, [](Reader& reader) { return reader.json(0); });
}

}  // namespace metergate
