#include "storage/decided.h"

#include "storage/codec.h"

namespace metergate {
namespace {

constexpr std::uint8_t kVersion = 1;

std::unexpected<Error> bad(std::string_view what) {
  return fail(ErrorCode::corrupt, "a batch of the journal " + std::string(what));
}

// How many elements follow; each takes at least one byte, so more than there are bytes is damage.
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

Result<DecidedEvent> take_event(Decoder& from) {
  DecidedEvent decided;
  decided.event = TRY(from.event());
  if (TRY(take_flag(from))) decided.count = TRY(from.number());
  return decided;
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

}  // namespace

UsageEvent to_final(DecidedEvent decided) {
  if (decided.count) std::get<CountReport>(decided.event.fact).count = decided.count;
  return std::move(decided.event);
}

std::string encode(const DecidedBatch& batch) {
  std::string bytes;
  Encoder to(bytes);
  to.byte(kVersion);
  to.number(batch.at.time_since_epoch().count());
  to.unsigned_number(batch.events.size());
  for (const DecidedEvent& decided : batch.events) {
    to.event(decided.event);
    to.byte(decided.count ? 1 : 0);
    if (decided.count) to.number(*decided.count);
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
  return bytes;
}

Result<DecidedBatch> decode_batch(std::string_view bytes) {
  Decoder from(bytes);
  if (TRY(from.byte()) != kVersion) return bad("is of a format that this version does not know");
  DecidedBatch batch;
  batch.at = Timestamp{Milliseconds{TRY(from.number())}};
  for (std::size_t n = TRY(take_count(from, bytes.size())); n > 0; --n)
    batch.events.push_back(TRY(take_event(from)));
  for (std::size_t n = TRY(take_count(from, bytes.size())); n > 0; --n)
    batch.documents.push_back(TRY(take_document(from)));
  for (std::size_t n = TRY(take_count(from, bytes.size())); n > 0; --n)
    batch.day_totals.push_back(TRY(take_day_total(from)));
  if (TRY(take_flag(from))) batch.close_through = Period::from_ordinal(TRY(take_int32(from)));
  if (!from.is_at_end()) return bad("has bytes after its end");
  for (const DecidedEvent& decided : batch.events) {
    if (decided.count && !std::holds_alternative<CountReport>(decided.event.fact))
      return bad("counts records for an event of another kind");
  }
  return batch;
}

}  // namespace metergate
