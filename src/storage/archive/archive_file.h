// One file of the archive: writes it, opens it by its footer and index, and reads the parts of its
// blocks, each checked against its checksum. Never changes once it has its name, so any thread may
// read it.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "storage/archive/archive.h"
#include "storage/archive/archive_block.h"
#include "storage/bytes/files.h"

namespace metergate {

struct SequenceSpan {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

// A position in the stored order.
struct TenantTime {
  TenantId tenant;
  Timestamp at{};
  friend auto operator<=>(const TenantTime&, const TenantTime&) = default;
};

struct PartPlace {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;      // on disk
  std::uint64_t raw_bytes = 0;  // before compression
  std::uint64_t checksum = 0;   // of the bytes on disk
};

struct BlockEntry {
  TenantTime first;
  TenantTime last;
  Timestamp oldest{};  // over all events of the block
  Timestamp newest{};
  std::uint64_t events = 0;
  PartPlace keys;
  PartPlace rest;
};

class ArchiveFile {
 public:
  // The span that a file's name gives; nothing for another name.
  static std::optional<SequenceSpan> span_of(std::string_view name);
  static std::filesystem::path path_of(const std::filesystem::path& folder, SequenceSpan span);
  // Writes the sorted events to a file and syncs it.
  static Result<> write(const std::filesystem::path& path, SequenceSpan span,
                        const PackedEvents& events);
  // Writes the events of another file from `at` on in the same way, a block at a time.
  static Result<> write_since(const std::filesystem::path& path, const ArchiveFile& from,
                              Timestamp at);
  // Reads the footer and the index. ErrorCode::corrupt with file and offset.
  static Result<std::shared_ptr<ArchiveFile>> open(const std::filesystem::path& path,
                                                   SequenceSpan span);

  const std::filesystem::path& path() const { return path_; }
  SequenceSpan span() const { return span_; }
  std::int64_t event_count() const { return event_count_; }
  std::span<const BlockEntry> blocks() const { return blocks_; }
  Timestamp oldest() const { return oldest_; }  // like the next, for a file with events
  Timestamp newest() const { return newest_; }
  // The blocks that may hold events of the range, in stored order.
  std::vector<std::uint32_t> blocks_of(const EventRange& range) const;

  // Opens the file for reading blocks. Nothing if retention has removed it meanwhile; if retention
  // has rewritten it, the old content is read.
  Result<std::optional<File>> open_to_read() const;
  Result<BlockKeys> read_keys(const File& file, const BlockEntry& block) const;
  Result<std::vector<ArchivedEvent>> read_events(const File& file, const BlockEntry& block,
                                                 const BlockKeys& keys,
                                                 std::span<const std::uint32_t> positions) const;
  // The number of events of the range and of a kind of fact (its index among the kinds). For a
  // block entirely within the range no keys are read.
  Result<std::int64_t> count(const EventRange& range, std::size_t kind) const;
  // Reads every block and decodes every event.
  Result<> verify() const;

  // Must be called before the name is removed or given to another file. Readers that have the file
  // open keep reading it.
  void retire() { is_retired_ = true; }
  // The same if the new file has some of the events: a reader that has chosen this file but not
  // opened it yet can still read it. It stays on disk until its last reader is done.
  Result<> retire_readable();

 private:
  struct Footer;
  Result<Footer> read_footer(const File& file, std::uint64_t size) const;
  Result<> read_index(const File& file, const Footer& footer);
  Result<std::string> read_part(const File& file, const PartPlace& place) const;
  // The stored, compressed bytes, checked against their checksum.
  Result<Bytes> read_stored(const File& file, const PartPlace& place) const;

  std::filesystem::path path_;
  SequenceSpan span_;
  std::int64_t event_count_ = 0;
  std::vector<BlockEntry> blocks_;
  Timestamp oldest_ = Timestamp::max();  // over all its events; likewise the next
  Timestamp newest_ = Timestamp::min();
  File kept_;  // set before is_retired_, or never
  std::atomic<bool> is_retired_ = false;
};

}  // namespace metergate
