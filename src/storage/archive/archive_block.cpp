#include "storage/archive/archive_block.h"

#include <algorithm>
#include <array>
#include <optional>

#include "storage/bytes/byte_reader.h"
#include "storage/bytes/codec.h"
#include "storage/bytes/codec_format.h"

namespace metergate {
namespace {

using namespace codec_format;

constexpr std::size_t kNumbersBytesMax = 160;  // numbers and text lengths of an event

void put(std::string& column, std::int64_t value) { Encoder{column}.number(value); }

// Where the fact of a kind stands among the facts.
std::uint8_t place_of(std::uint8_t kind) {
  if (has_caller(kind)) return 0;
  return kind == kRoundedFact ? 4 : kind;
}

// The difference wraps around, so any two times have one.
std::int64_t difference(std::uint64_t value, std::uint64_t before) {
  return static_cast<std::int64_t>(value - before);
}

std::uint64_t millis(Timestamp at) {
  return static_cast<std::uint64_t>(at.time_since_epoch().count());
}

}  // namespace

void TextColumn::add(std::string_view text) {
  // A tenant's events are adjacent, so most texts equal the previous event's.
  if (last_ != nullptr && last_->first == text) {
    Encoder{references_}.unsigned_number(last_->second);
    return;
  }
  if (const auto found = known_.find(text); found != known_.end()) {
    last_ = &*found;
    Encoder{references_}.unsigned_number(last_->second);
    return;
  }
  last_ = &*known_.emplace(text, known_.size() + 1).first;
  Encoder{references_}.unsigned_number(0);
  Encoder{texts_}.text(text);
}

void TextColumn::write(std::string& out) const {
  Encoder encoder{out};
  encoder.text(references_);
  encoder.text(texts_);
}

void BlockBuilder::add_fact(std::uint8_t kind, ByteReader& from) {
  switch (kind) {
    case 0:
    case kCalledFact:
    case kTracedFact:
      methods_.add(from.view());
      endpoints_.add(from.view());
      paths_.add(from.view());
      for (std::string* column : {&statuses_, &requests_, &responses_, &durations_})
        put(*column, from.number());
      ips_.add(from.view());
      stores_.add(from.view());
      devices_.add(from.view());
      if (has_caller(kind)) callers_.add(from.view());
      if (kind == kTracedFact) traces_.add(from.view());
      return;
    case 1: {
      names_.add(from.view());
      put(others_, from.byte());
      put(statuses_, from.number());
      put(others_, from.number());
      put(durations_, from.number());
      return;
    }
    case 2:
      return put(others_, from.number());
    case 3: {
      put(others_, from.byte());
      const std::uint8_t has_count = from.byte();
      put(others_, has_count);
      if (has_count != 0) put(others_, from.number());
      return;
    }
    case 4:
    case kRoundedFact:
      names_.add(from.view());
      data_.add(from.view());
      return;
    default:
      from.refuse("there is no such kind of event");
  }
}

std::size_t BlockBuilder::bytes_max_of(const PackedEvent& event) {
  return kNumbersBytesMax + event.size;
}

Result<> BlockBuilder::add(const PackedEvent& event) {
  ByteReader from{event.bytes()};
  const std::uint8_t bits = from.byte();
  const std::string_view tenant = from.view();
  if (tenants_.empty() || tenants_.back().first != tenant) {
    tenants_.emplace_back(tenant, 0);
    tenant_bytes_ += tenant.size() + 4;
  }
  ++tenants_.back().second;
  sources_.add(from.view());
  Encoder{ids_}.text(from.view());
  const EventKey key{from.timestamp(), event.sequence, event.index};
  put(times_, difference(millis(key.at), millis(last_.at)));
  put(sequences_, difference(key.sequence, last_.sequence));
  put(indexes_, difference(key.index, last_.index));
  last_ = key;
  kinds_.push_back(static_cast<char>(bits));
  add_fact(static_cast<std::uint8_t>(bits & kFactMask), from);
  if (from.fault() == nullptr && from.rest().empty()) return {};
  return fail(ErrorCode::corrupt, "an event on its way to the archive cannot be read");
}

std::string BlockBuilder::keys() const {
  std::string out;
  Encoder encoder{out};
  encoder.unsigned_number(tenants_.size());
  for (const auto& [tenant, events] : tenants_) {
    encoder.text(tenant);
    encoder.unsigned_number(events);
  }
  encoder.text(times_);
  encoder.text(sequences_);
  encoder.text(indexes_);
  return out;
}

std::array<const std::string*, 7> BlockBuilder::columns() const {
  return {&kinds_, &ids_, &statuses_, &requests_, &responses_, &durations_, &others_};
}

std::array<const TextColumn*, 11> BlockBuilder::text_columns() const {
  return {&sources_, &methods_, &endpoints_, &paths_,   &ips_,   &stores_,
          &devices_, &names_,   &data_,      &callers_, &traces_};
}

std::size_t BlockBuilder::bytes() const {
  std::size_t bytes = tenant_bytes_ + times_.size() + sequences_.size() + indexes_.size();
  for (const std::string* column : columns()) bytes += column->size();
  for (const TextColumn* column : text_columns()) bytes += column->bytes();
  return bytes;
}

std::string BlockBuilder::rest() const {
  std::string out;
  for (const std::string* column : columns()) Encoder{out}.text(*column);
  for (const TextColumn* column : text_columns()) column->write(out);
  return out;
}

namespace {

std::unexpected<Error> corrupt(const char* why) {
  return fail(ErrorCode::corrupt, std::string{"the block is damaged: "} + why);
}

class TextReader {
 public:
  explicit TextReader(ByteReader& from) : references_(from.view()), texts_(from.view()) {}
  // A column that older blocks end before.
  static TextReader if_there(ByteReader& from) {
    return from.rest().empty() ? TextReader{} : TextReader{from};
  }

  std::string_view next() {
    const std::uint64_t reference = references_.unsigned_number();
    if (reference == 0) return known_.emplace_back(texts_.view());
    if (reference > known_.size()) return references_.refuse("a text is not known"), "";
    return known_[reference - 1];
  }
  const char* fault() const {
    return references_.fault() != nullptr ? references_.fault() : texts_.fault();
  }

 private:
  TextReader() : references_({}), texts_({}) {}

  ByteReader references_;
  ByteReader texts_;
  std::vector<std::string_view> known_;
};

// Reads all columns of a block's second part in step. An event's texts are views until the event is
// known to be wanted.
class RestReader {
 public:
  explicit RestReader(ByteReader from)
      : kinds_(from.view()),
        ids_(from.view()),
        statuses_(from.view()),
        requests_(from.view()),
        responses_(from.view()),
        durations_(from.view()),
        others_(from.view()),
        sources_(from),
        methods_(from),
        endpoints_(from),
        paths_(from),
        ips_(from),
        stores_(from),
        devices_(from),
        names_(from),
        data_(from),
        callers_(TextReader::if_there(from)),
        traces_(TextReader::if_there(from)),
        frame_fault_(from.fault()) {}

  // The next event, without tenant and time; it is only built if it is wanted.
  std::optional<UsageEvent> next(bool is_wanted);
  const char* fault() const;

 private:
  void api_call(UsageEvent* into, std::uint8_t kind);
  void webhook_call(UsageEvent* into);
  void count_report(UsageEvent* into);
  void other(UsageEvent* into, bool is_rounded);

  ByteReader kinds_, ids_, statuses_, requests_, responses_, durations_, others_;
  TextReader sources_, methods_, endpoints_, paths_, ips_, stores_, devices_, names_, data_,
      callers_, traces_;
  const char* frame_fault_;
};

void RestReader::api_call(UsageEvent* into, std::uint8_t kind) {
  const std::string_view method = methods_.next();
  const std::string_view endpoint = endpoints_.next();
  const std::string_view path = paths_.next();
  const int status = statuses_.narrow<int>();
  const std::int64_t request_bytes = requests_.number();
  const std::int64_t response_bytes = responses_.number();
  const Microseconds duration{durations_.number()};
  const std::string_view ip = ips_.next();
  const std::string_view store = stores_.next();
  const std::string_view device = devices_.next();
  const std::string_view caller = has_caller(kind) ? callers_.next() : std::string_view{};
  const std::string_view trace = kind == kTracedFact ? traces_.next() : std::string_view{};
  if (into == nullptr) return;
  into->fact = ApiCall{.method = std::string{method},
                       .endpoint = std::string{endpoint},
                       .path = std::string{path},
                       .status = status,
                       .request_bytes = request_bytes,
                       .response_bytes = response_bytes,
                       .duration = duration,
                       .ip = std::string{ip},
                       .store_id = std::string{store},
                       .device_id = std::string{device},
                       .caller = std::string{caller},
                       .traceparent = std::string{trace}};
}

void RestReader::webhook_call(UsageEvent* into) {
  const std::string_view webhook_id = names_.next();
  const int status = statuses_.narrow<int>();
  const Microseconds duration{durations_.number()};
  const std::int64_t success = others_.number();
  const auto attempt = others_.narrow<std::int32_t>();
  if (success != 0 && success != 1) others_.refuse("a yes-or-no number is neither");
  if (into == nullptr) return;
  into->fact = WebhookCall{.webhook_id = std::string{webhook_id},
                           .success = success == 1,
                           .status = status,
                           .attempt = attempt,
                           .duration = duration};
}

void RestReader::count_report(UsageEvent* into) {
  CountReport report;
  const std::int64_t meter = others_.number();
  if (meter != static_cast<std::int64_t>(Meter::stores_count) &&
      meter != static_cast<std::int64_t>(Meter::devices_count)) {
    return others_.refuse("there is no such meter");
  }
  report.meter = static_cast<Meter>(meter);
  if (others_.number() != 0) report.count = others_.number();
  if (into != nullptr) into->fact = report;
}

void RestReader::other(UsageEvent* into, bool is_rounded) {
  const std::string_view type = names_.next();
  const std::string_view data = data_.next();
  if (into != nullptr) into->fact = OtherFact{std::string{type}, std::string{data}, is_rounded};
}

std::optional<UsageEvent> RestReader::next(bool is_wanted) {
  std::optional<UsageEvent> event;
  if (is_wanted) event.emplace();
  UsageEvent* into = is_wanted ? &*event : nullptr;
  const std::uint8_t bits = kinds_.byte();
  const std::string_view source = sources_.next();
  const std::string_view id = ids_.view();
  if (into != nullptr) {
    into->has_own_time = (bits & kOwnTime) != 0;
    into->billable = (bits & kBillable) != 0;
    into->is_ours = (bits & kOurs) != 0;
    into->source = source;
    into->id = id;
  }
  switch (bits & kFactMask) {
    case 0:
    case kCalledFact:
    case kTracedFact:
      api_call(into, bits & kFactMask);
      break;
    case 1:
      webhook_call(into);
      break;
    case 2: {
      const std::int64_t bytes = others_.number();
      if (into != nullptr) into->fact = StorageReport{bytes};
      break;
    }
    case 3:
      count_report(into);
      break;
    case 4:
    case kRoundedFact:
      other(into, (bits & kFactMask) == kRoundedFact);
      break;
    default:
      kinds_.refuse("there is no such kind of event");
  }
  return event;
}

const char* RestReader::fault() const {
  if (frame_fault_ != nullptr) return frame_fault_;
  for (const ByteReader* column :
       {&kinds_, &ids_, &statuses_, &requests_, &responses_, &durations_, &others_}) {
    if (column->fault() != nullptr) return column->fault();
  }
  for (const TextReader* column : {&sources_, &methods_, &endpoints_, &paths_, &ips_, &stores_,
                                   &devices_, &names_, &data_, &callers_, &traces_}) {
    if (column->fault() != nullptr) return column->fault();
  }
  return nullptr;
}

}  // namespace

Result<BlockKeys> decode_keys(std::string_view bytes) {
  BlockKeys block;
  ByteReader reader{bytes};
  std::size_t events = 0;
  for (std::size_t runs = reader.count(2); runs > 0 && reader.fault() == nullptr; --runs) {
    auto tenant = TenantId::parse(reader.view());
    const std::uint64_t size = reader.unsigned_number();
    if (!tenant || size > bytes.size()) return corrupt("a tenant's run is malformed");
    events += size;
    block.tenants.push_back({*std::move(tenant), events});
  }
  ByteReader times{reader.view()};
  ByteReader sequences{reader.view()};
  ByteReader indexes{reader.view()};
  if (events > times.rest().size()) return corrupt("there are fewer times than events");
  block.keys.reserve(events);
  std::uint64_t at = 0;
  EventKey key;
  for (std::size_t i = 0; i < events; ++i) {
    at += static_cast<std::uint64_t>(times.number());
    key.at = Timestamp{Milliseconds{static_cast<std::int64_t>(at)}};
    key.sequence += static_cast<std::uint64_t>(sequences.number());
    key.index += static_cast<std::uint32_t>(indexes.number());
    block.keys.push_back(key);
  }
  for (const ByteReader* column : {&reader, &times, &sequences, &indexes}) {
    if (column->fault() != nullptr) return corrupt(column->fault());
    if (!column->rest().empty()) return corrupt("a column is longer than its events");
  }
  return block;
}

std::vector<std::uint32_t> positions_of(const BlockKeys& keys, const EventRange& range) {
  std::vector<std::uint32_t> positions;
  std::size_t position = 0;
  for (const TenantRun& run : keys.tenants) {
    const bool is_wanted = !range.tenant || run.tenant == *range.tenant;
    for (; position < run.end; ++position) {
      if (is_wanted && range.window.contains(keys.keys[position].at))
        positions.push_back(static_cast<std::uint32_t>(position));
    }
  }
  return positions;
}

Result<std::vector<std::uint8_t>> decode_kinds(std::string_view rest) {
  ByteReader reader{rest};
  const std::string_view column = reader.view();
  if (reader.fault() != nullptr) return corrupt(reader.fault());
  std::vector<std::uint8_t> kinds;
  kinds.reserve(column.size());
  for (const char bits : column) {
    const auto kind = static_cast<std::uint8_t>(static_cast<std::uint8_t>(bits) & kFactMask);
    kinds.push_back(place_of(kind));
  }
  return kinds;
}

Result<std::vector<ArchivedEvent>> decode_events(const BlockKeys& keys, std::string_view rest,
                                                 std::span<const std::uint32_t> positions) {
  std::vector<ArchivedEvent> events;
  events.reserve(positions.size());
  RestReader reader{ByteReader{rest}};
  auto run = keys.tenants.begin();
  std::size_t position = 0;
  for (const std::uint32_t wanted : positions) {
    for (; position < wanted; ++position) reader.next(false);
    auto event = reader.next(true);
    if (reader.fault() != nullptr) return corrupt(reader.fault());
    while (run->end <= position) ++run;
    const EventKey& key = keys.keys[position++];
    event->tenant = run->tenant;
    event->occurred_at = key.at;
    events.push_back({key.sequence, key.index, *std::move(event)});
  }
  return events;
}

Result<> check_events(std::size_t count, std::string_view rest) {
  RestReader reader{ByteReader{rest}};
  for (; count > 0; --count) reader.next(false);
  if (reader.fault() != nullptr) return corrupt(reader.fault());
  return {};
}

}  // namespace metergate
