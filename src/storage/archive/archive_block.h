// Blocks of the archive: some events, column by column, in two parts: the keys (tenant, time,
// sequence, index), which a search reads alone, and the rest. The grammar is in
// docs/storage-format.md. Values; no threads.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "storage/archive/archive.h"
#include "storage/archive/packed_events.h"
#include "storage/bytes/byte_reader.h"
#include "storage/bytes/text_hash.h"

namespace metergate {

// An event's position in the reading order of the archive.
struct EventKey {
  Timestamp at{};
  std::uint64_t sequence = 0;
  std::uint32_t index = 0;
  friend auto operator<=>(const EventKey&, const EventKey&) = default;
};

inline EventKey key_of(const ArchivedEvent& event) {
  return {event.event.occurred_at, event.sequence, event.index};
}

// A column of texts that repeat: each is written once, repetitions as a number.
class TextColumn {
 public:
  void add(std::string_view text);
  void write(std::string& out) const;
  std::size_t bytes() const { return references_.size() + texts_.size(); }

 private:
  std::string references_;  // 0: the next new text; otherwise 1 + its number
  std::string texts_;
  using Known = std::unordered_map<std::string, std::uint64_t, TextHash, std::equal_to<>>;
  Known known_;
  const Known::value_type* last_ = nullptr;  // the previous text; points into known_
};

class BlockBuilder {
 public:
  // Adds an event in the stored order: by tenant, time, sequence, index. Texts are copied from the
  // encoded event without decoding, since events are sealed by the hundred thousand.
  Result<> add(const PackedEvent& event);
  std::size_t count() const { return kinds_.size(); }
  // The size of both parts so far, except for some framing; and an upper bound on what an event
  // adds.
  std::size_t bytes() const;
  static std::size_t bytes_max_of(const PackedEvent& event);
  std::string keys() const;
  std::string rest() const;

 private:
  void add_fact(std::uint8_t kind, ByteReader& from);
  std::array<const std::string*, 7> columns() const;
  std::array<const TextColumn*, 11> text_columns() const;

  std::vector<std::pair<std::string, std::uint64_t>> tenants_;  // and the number of events of each
  std::size_t tenant_bytes_ = 0;
  EventKey last_;
  std::string times_, sequences_, indexes_;
  std::string kinds_, ids_, statuses_, requests_, responses_, durations_, others_;
  TextColumn sources_, methods_, endpoints_, paths_, ips_, stores_, devices_, names_, data_,
      callers_, traces_;
};

struct TenantRun {
  TenantId tenant;
  std::size_t end = 0;  // in keys; the first run begins at 0
};

struct BlockKeys {
  std::vector<TenantRun> tenants;
  std::vector<EventKey> keys;
};

Result<BlockKeys> decode_keys(std::string_view bytes);
// The indexes of the events in a range, ascending.
std::vector<std::uint32_t> positions_of(const BlockKeys& keys, const EventRange& range);
// The kind of each event: the index of its fact among the kinds.
Result<std::vector<std::uint8_t>> decode_kinds(std::string_view rest);
// Decodes the events at some ascending positions and skips the others.
Result<std::vector<ArchivedEvent>> decode_events(const BlockKeys& keys, std::string_view rest,
                                                 std::span<const std::uint32_t> positions);
// Checks that this many events can be read from the rest of a block, without building them.
Result<> check_events(std::size_t count, std::string_view rest);

}  // namespace metergate
