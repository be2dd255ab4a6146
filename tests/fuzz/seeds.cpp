// Writes what the journal and the archive really hold into a corpus, for fuzzers to begin with:
//
//   fuzz_seeds tests/fuzz/corpus
//
// A batch of each kind of change, with each kind of fact and of document; frames and a segment's
// header; blocks of the archive. The same bytes each time.
#include <filesystem>
#include <fstream>
#include <iostream>

#include "storage/archive/archive_block.h"
#include "storage/archive/packed_events.h"
#include "storage/journal/journal_frame.h"
#include "storage/shapes/decided.h"

namespace metergate {
namespace {

const Timestamp kAt{Milliseconds{1'772'706'600'000}};

TenantId tenant(std::string_view name) { return TenantId::parse(name).value(); }

UsageEvent event(std::string_view of, std::string id, Fact fact) {
  UsageEvent event;
  event.tenant = tenant(of);
  event.source = "app";
  event.id = std::move(id);
  event.occurred_at = kAt;
  event.fact = std::move(fact);
  return event;
}

std::vector<UsageEvent> events() {
  std::vector<UsageEvent> all;
  all.push_back(event("acme", "call-1",
                      ApiCall{"GET", "GET /orders/{id}", "/orders/7", 200, 120, 900,
                              Microseconds{1500}, "192.0.2.1", "s1", "d1"}));
  all.push_back(event("acme", "hook-1", WebhookCall{"w1", true, 200, 1, Microseconds{40'000}}));
  all.push_back(event("zoo", "bytes-1", StorageReport{3'221'225'472}));
  all.push_back(event("zoo", "stores-1", CountReport{Meter::stores_count, 4}));
  all.push_back(event("zoo", "devices-1", CountReport{Meter::devices_count, std::nullopt}));
  all.push_back(event("zoo", "prompt-1", OtherFact{"prompt", R"({"tokens":"7.25","big":1e300})"}));
  all.back().has_own_time = false;
  all.back().billable = false;
  return all;
}

Json document() {
  return Json::object({{"none", Json{}},
                       {"yes", true},
                       {"count", 7},
                       {"price", Decimal{1234, 2}},
                       {"at", kAt},
                       {"list", Json::Array{Json{"a"}, Json{-1}}},
                       {"inner", Json::object({{"text", "\u00e9"}})}});
}

std::string bytes_of(const DecidedBatch& batch) {
  return encode(batch, EncodedEvents{batch.events});
}

MeterCell cell() {
  MeterCell cell;
  for (const Folding folding : {Folding::sum, Folding::greatest, Folding::latest, Folding::median})
    cell.fold(folding, {true, Quantity::of(std::int64_t{7}), {}, kAt});
  return cell;
}

std::vector<std::pair<std::string, std::string>> batches() {
  DecidedBatch plain;
  plain.at = kAt;
  plain.events = events();
  plain.counts[4] = 9;
  DecidedBatch records;
  records.at = kAt;
  records.documents = {{Collection::stores, {"acme", "s1"}, document()},
                       {Collection::stores, {"acme", "s2"}, std::nullopt}};
  DecidedBatch closing;
  closing.at = kAt;
  closing.close_through = Period::parse("2026-02").value();
  closing.day_totals = {{tenant("acme"), parse_day("2026-03-05").value(), Counter{}}};
  DecidedBatch reopening;
  reopening.at = kAt;
  reopening.reopen_from = Period::parse("2026-02").value();
  DecidedBatch voiding;
  voiding.at = kAt;
  voiding.voided = {{3, 1, events()[5]}, {7, 9, kAt}, {{"tokens", cell()}}};
  DecidedBatch filling;
  filling.at = kAt;
  filling.documents = {{Collection::meters, {"", "tokens"}, document()}};
  filling.backfilled = {{"tokens", tenant("acme"), kAt, "small", cell()}};
  return {{"events", bytes_of(plain)},    {"records", bytes_of(records)},
          {"closing", bytes_of(closing)}, {"reopening", bytes_of(reopening)},
          {"voiding", bytes_of(voiding)}, {"backfill", bytes_of(filling)}};
}

std::string block(std::size_t times) {
  std::vector<ArchivedEvent> all;
  for (std::size_t i = 0; i < times; ++i) {
    for (UsageEvent& one : events()) {
      one.id += "-" + std::to_string(i);
      one.occurred_at += std::chrono::seconds{i};
      all.push_back({i + 1, static_cast<std::uint32_t>(all.size()), std::move(one)});
    }
  }
  PackedEvents packed{all};
  packed.sort();
  BlockBuilder builder;
  for (std::size_t i = 0; i < packed.size(); ++i) {
    if (!builder.add(packed.at(i))) std::abort();
  }
  const std::string keys = builder.keys();
  return std::string{static_cast<char>(keys.size() % 256), static_cast<char>(keys.size() / 256)} +
         keys + builder.rest();
}

void write(const std::filesystem::path& path, std::string_view bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream{path, std::ios::binary} << bytes;
}

void write_all(const std::filesystem::path& corpus) {
  const auto all = batches();
  std::string frame;
  begin_frame(frame);
  for (const auto& [name, bytes] : all) {
    write(corpus / "journal" / ("batch-" + name), bytes);
    add_batch(frame, bytes);
  }
  const std::string payload = frame.substr(kFrameHeaderBytes);
  write(corpus / "journal" / "payload", static_cast<char>(all.size()) + payload);
  finish_frame(frame, {.first_sequence = 1, .batch_count = static_cast<std::uint32_t>(all.size())});
  write(corpus / "journal" / "frame", frame);
  std::string header = encode(SegmentHeader{.number = 1, .first_sequence = 1, .bytes = 16 << 20});
  header.resize(kSegmentHeaderBytes);
  write(corpus / "journal" / "segment", header);
  write(corpus / "archive" / "one", block(1));
  write(corpus / "archive" / "many", block(40));
}

}  // namespace
}  // namespace metergate

int main(int count, char** words) {
  if (count != 2) {
    std::cerr << "fuzz_seeds: say where the corpus is, such as tests/fuzz/corpus\n";
    return 2;
  }
  metergate::write_all(words[1]);
}
