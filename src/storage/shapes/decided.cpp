#include "storage/shapes/decided.h"

#include "base/check.h"
#include "storage/bytes/codec.h"

namespace metergate {
namespace {

// A batch without newer parts keeps the oldest version, so that older builds can read it.
constexpr std::uint8_t kBatchVersion = 1;
constexpr std::uint8_t kBatchVersionWithVoid = 2;
constexpr std::uint8_t kBatchVersionWithReopening = 3;  // and without a void
constexpr std::uint8_t kBatchVersionWithBackfill = 4;   // and without a reopening
constexpr std::size_t kEventBytesUsual = 128;

std::unexpected<Error> bad(std::string_view what) {
  return fail(ErrorCode::corrupt, "a batch of the journal " + std::string(what));
}

// Reads a number of elements. Each takes at least one byte, so a number above the remaining bytes
// is damage.
Result<std::size_t> take_count(Decoder& from, std::size_t bytes) {
  const std::uint64_t count = TRY(from.unsigned_number());
  if (count > bytes) return bad("names more parts than it can hold");
  return static_cast<std::size_t>(count);
}

Result<bool> take_flag(Decoder& from) {
  const std::uint8_t flag = TRY(from.byte());
  if (flag > 1) return bad("has a flag that is neither 0 nor 1");
  return flag == 1;
}

Result<std::int32_t> take_int32(Decoder& from) {
  const std::int64_t value = TRY(from.number());
  if (value < INT32_MIN || value > INT32_MAX) return bad("has a date that does not fit");
  return static_cast<std::int32_t>(value);
}

Result<> take_event(Decoder& from, DecidedBatch& batch) {
  batch.events.push_back(TRY(from.event()));
  if (TRY(take_flag(from))) batch.counts[batch.events.size() - 1] = TRY(from.number());
  return {};
}

Result<DecidedDocument> take_document(Decoder& from) {
  DecidedDocument write;
  const std::uint8_t collection = TRY(from.byte());
  if (collection >= all_collections().size()) return bad("names a collection that is not known");
  write.collection = static_cast<Collection>(collection);
  write.key.tenant = TRY(from.text());
  write.key.id = TRY(from.text());
  if (TRY(take_flag(from))) write.document = TRY(from.json());
  return write;
}

Result<DayTotal> take_day_total(Decoder& from) {
  DayTotal total;
  const std::string tenant = TRY(from.text());
  auto id = TenantId::parse(tenant);
  if (!id) return bad("names no tenant");
  total.tenant = *std::move(id);
  total.day = Day{std::chrono::days{TRY(take_int32(from))}};
  total.counter = TRY(from.counter());
  return total;
}

Result<DecidedVoid> take_void(Decoder& from, std::size_t bytes) {
  DecidedVoid voided;
  voided.kept.sequence = TRY(from.unsigned_number());
  const std::uint64_t index = TRY(from.unsigned_number());
  if (index > UINT32_MAX) return bad("voids an event at a place that does not fit");
  voided.kept.index = static_cast<std::uint32_t>(index);
  voided.kept.event = TRY(from.event());
  voided.day_bytes.last = TRY(from.number());
  voided.day_bytes.peak = TRY(from.number());
  voided.day_bytes.at = Timestamp{Milliseconds{TRY(from.number())}};
  for (std::size_t n = TRY(take_count(from, bytes)); n > 0; --n) {
    std::string slug = TRY(from.text());
    MeterCell cell = TRY(from.cell());
    voided.minutes.emplace_back(std::move(slug), std::move(cell));
  }
  return voided;
}

void put_void(Encoder& to, const DecidedVoid& voided) {
  to.unsigned_number(voided.kept.sequence);
  to.unsigned_number(voided.kept.index);
  to.event(voided.kept.event);
  to.number(voided.day_bytes.last);
  to.number(voided.day_bytes.peak);
  to.number(voided.day_bytes.at.time_since_epoch().count());
  to.unsigned_number(voided.minutes.size());
  for (const auto& [slug, cell] : voided.minutes) {
    to.text(slug);
    to.cell(cell);
  }
}

Result<BackfilledCell> take_backfilled(Decoder& from) {
  BackfilledCell cell;
  cell.slug = TRY(from.text());
  auto tenant = TenantId::parse(TRY(from.text()));
  if (!tenant) return bad("names no tenant");
  cell.tenant = *std::move(tenant);
  cell.minute = Timestamp{Milliseconds{TRY(from.number())}};
  cell.group = TRY(from.text());
  cell.cell = TRY(from.cell());
  return cell;
}

void put_backfilled(Encoder& to, const std::vector<BackfilledCell>& cells) {
  to.unsigned_number(cells.size());
  for (const BackfilledCell& cell : cells) {
    to.text(cell.slug);
    to.text(cell.tenant.text());
    to.number(cell.minute.time_since_epoch().count());
    to.text(cell.group);
    to.cell(cell.cell);
  }
}

std::uint8_t version_of(const DecidedBatch& batch) {
  if (!batch.backfilled.empty()) return kBatchVersionWithBackfill;
  if (batch.reopen_from) return kBatchVersionWithReopening;
  return batch.voided ? kBatchVersionWithVoid : kBatchVersion;
}

}  // namespace

std::optional<UsageEvent> counted_event(const DecidedBatch& batch, std::size_t place) {
  const auto count = batch.counts.find(place);
  if (count == batch.counts.end()) return std::nullopt;
  UsageEvent event = batch.events[place];
  std::get<CountReport>(event.fact).count = count->second;
  return event;
}

EncodedEvents::EncodedEvents(const std::vector<UsageEvent>& events) {
  bytes_.reserve(kEventBytesUsual * events.size());
  ends_.reserve(events.size());
  for (const UsageEvent& event : events) {
    Encoder(bytes_).event(event);
    ends_.push_back(bytes_.size());
  }
}

std::string_view EncodedEvents::at(std::size_t place) const {
  const std::size_t start = place == 0 ? 0 : ends_[place - 1];
  return std::string_view(bytes_).substr(start, ends_[place] - start);
}

void EncodedEvents::keep(const std::vector<std::size_t>& places) {
  EncodedEvents kept;
  for (const std::size_t place : places) {
    kept.bytes_ += at(place);
    kept.ends_.push_back(kept.bytes_.size());
  }
  *this = std::move(kept);
}

std::string encode(const DecidedBatch& batch, const EncodedEvents& events) {
  CHECK(events.size() == batch.events.size());
  std::string bytes;
  bytes.reserve(kEventBytesUsual * (batch.events.size() + 1));
  Encoder to(bytes);
  CHECK(!batch.reopen_from || (!batch.voided && batch.backfilled.empty()));
  const std::uint8_t version = version_of(batch);
  to.byte(version);
  to.number(batch.at.time_since_epoch().count());
  to.unsigned_number(batch.events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    bytes += events.at(i);
    const auto count = batch.counts.find(i);
    to.byte(count != batch.counts.end() ? 1 : 0);
    if (count != batch.counts.end()) to.number(count->second);
  }
  to.unsigned_number(batch.documents.size());
  for (const DecidedDocument& write : batch.documents) {
    to.byte(static_cast<std::uint8_t>(write.collection));
    to.text(write.key.tenant);
    to.text(write.key.id);
    to.byte(write.document ? 1 : 0);
    if (write.document) to.json(*write.document);
  }
  to.unsigned_number(batch.day_totals.size());
  for (const DayTotal& total : batch.day_totals) {
    to.text(total.tenant.text());
    to.number(total.day.time_since_epoch().count());
    to.counter(total.counter);
  }
  to.byte(batch.close_through ? 1 : 0);
  if (batch.close_through) to.number(batch.close_through->ordinal());
  if (version == kBatchVersionWithBackfill) put_backfilled(to, batch.backfilled);
  if (version == kBatchVersionWithBackfill) to.byte(batch.voided ? 1 : 0);
  if (batch.voided) put_void(to, *batch.voided);
  if (batch.reopen_from) to.number(batch.reopen_from->ordinal());
  return bytes;
}

Result<DecidedBatch> decode_batch(std::string_view bytes) {
  Decoder from(bytes);
  const std::uint8_t version = TRY(from.byte());
  if (version < kBatchVersion || version > kBatchVersionWithBackfill)
    return bad("is of a format that this version does not know");
  DecidedBatch batch;
  batch.at = Timestamp{Milliseconds{TRY(from.number())}};
  for (std::size_t n = TRY(take_count(from, bytes.size())); n > 0; --n)
    TRY(take_event(from, batch));
  for (std::size_t n = TRY(take_count(from, bytes.size())); n > 0; --n)
    batch.documents.push_back(TRY(take_document(from)));
  for (std::size_t n = TRY(take_count(from, bytes.size())); n > 0; --n)
    batch.day_totals.push_back(TRY(take_day_total(from)));
  if (TRY(take_flag(from))) batch.close_through = Period::from_ordinal(TRY(take_int32(from)));
  bool has_void = version == kBatchVersionWithVoid;
  if (version == kBatchVersionWithBackfill) {
    for (std::size_t n = TRY(take_count(from, bytes.size())); n > 0; --n)
      batch.backfilled.push_back(TRY(take_backfilled(from)));
    has_void = TRY(take_flag(from));
  }
  if (has_void) batch.voided = TRY(take_void(from, bytes.size()));
  if (version == kBatchVersionWithReopening)
    batch.reopen_from = Period::from_ordinal(TRY(take_int32(from)));
  if (!from.is_at_end()) return bad("has bytes after its end");
  for (const auto& [place, count] : batch.counts) {
    if (!std::holds_alternative<CountReport>(batch.events[place].fact))
      return bad("counts records for an event of another kind");
  }
  return batch;
}

}  // namespace metergate
