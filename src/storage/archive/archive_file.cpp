#include "storage/archive/archive_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/check.h"
#include "base/compression.h"
#include "storage/archive/packed_events.h"
#include "storage/bytes/byte_reader.h"
#include "storage/bytes/checksum.h"
#include "storage/bytes/codec.h"

namespace metergate {
namespace {

constexpr std::string_view kMagic{"\xffMGARCH\n", 8};
constexpr std::uint64_t kArchiveVersion = 1;
constexpr std::size_t kHeaderBytes = 40;  // magic and four numbers
constexpr std::size_t kFooterBytes = 48;  // six numbers
constexpr std::size_t kBlockBytes = 64 << 10;
constexpr std::size_t kRawBytesMax = 256 << 20;  // more than any journal segment could fill
constexpr std::size_t kSpanDigits = 20;
constexpr std::string_view kArchiveSuffix = ".mga";

std::unexpected<Error> damaged(const std::filesystem::path& path, std::uint64_t offset,
                               std::string_view what) {
  return fail(ErrorCode::corrupt,
              fmt::format("the archive is damaged: {} at byte {}: {}. Restore the file from a "
                          "backup, or check the disk",
                          path.string(), offset, what));
}

// Numbers of fixed width, least significant byte first.
void put(std::string& out, std::uint64_t value) {
  for (int i = 0; i < 8; ++i, value >>= 8U) out.push_back(static_cast<char>(value & 0xffU));
}

std::uint64_t number_at(std::string_view bytes, std::size_t which) {
  std::uint64_t value = 0;
  for (std::size_t i = 8; i-- > 0;) {
    value = value << 8U | static_cast<std::uint8_t>(bytes.at(8 * which + i));
  }
  return value;
}

std::string encode_header(SequenceSpan span) {
  std::string bytes{kMagic};
  put(bytes, kArchiveVersion);
  put(bytes, span.first);
  put(bytes, span.last);
  put(bytes, checksum(bytes));
  return bytes;
}

void encode(std::string& index, const BlockEntry& block) {
  Encoder encoder{index};
  for (const TenantTime* end : {&block.first, &block.last}) {
    encoder.text(end->tenant.text());
    encoder.number(end->at.time_since_epoch().count());
  }
  encoder.number(block.oldest.time_since_epoch().count());
  encoder.number(block.newest.time_since_epoch().count());
  encoder.unsigned_number(block.events);
  for (const PartPlace* part : {&block.keys, &block.rest}) {
    encoder.unsigned_number(part->bytes);
    encoder.unsigned_number(part->raw_bytes);
    put(index, part->checksum);
  }
}

// The parts are contiguous, so `offset` is the start of the next one.
std::optional<BlockEntry> decode_entry(ByteReader& reader, std::uint64_t& offset) {
  BlockEntry block;
  for (TenantTime* end : {&block.first, &block.last}) {
    auto tenant = TenantId::parse(reader.view());
    if (!tenant) return std::nullopt;
    end->tenant = *std::move(tenant);
    end->at = reader.timestamp();
  }
  block.oldest = reader.timestamp();
  block.newest = reader.timestamp();
  block.events = reader.unsigned_number();
  for (PartPlace* part : {&block.keys, &block.rest}) {
    part->offset = offset;
    part->bytes = reader.unsigned_number();
    part->raw_bytes = reader.unsigned_number();
    if (part->raw_bytes > kRawBytesMax || part->bytes > kRawBytesMax) return std::nullopt;
    offset += part->bytes;
    for (unsigned i = 0; i < 8; ++i) {
      part->checksum |= static_cast<std::uint64_t>(reader.byte()) << 8U * i;
    }
  }
  if (reader.fault() != nullptr || block.events == 0) return std::nullopt;
  return block;
}

// Writes blocks one after another, and records their positions.
class BlockWriter {
 public:
  explicit BlockWriter(const File& file) : file_(file) {}

  Result<> add(const PackedEvents& events) {
    const PackedEvent* last = nullptr;
    for (std::size_t i = 0; i < events.size(); ++i) {
      const PackedEvent& event = events.at(i);
      if (builder_.count() > 0 &&
          builder_.bytes() + BlockBuilder::bytes_max_of(event) > kBlockBytes) {
        const TenantTime end = TRY(place_of(events, *last));
        TRY(finish_block(end));
      }
      if (builder_.count() == 0) {
        block_ = {};
        block_.first = TRY(place_of(events, event));
        block_.oldest = block_.newest = event.at;
      }
      TRY(builder_.add(event));
      block_.oldest = std::min(block_.oldest, event.at);
      block_.newest = std::max(block_.newest, event.at);
      ++block_.events;
      last = &event;
    }
    if (last == nullptr) return {};
    const TenantTime end = TRY(place_of(events, *last));
    return finish_block(end);
  }

  // Copies a block of another file unchanged.
  Result<> copy(const BlockEntry& from, std::string_view keys, std::string_view rest) {
    BlockEntry block = from;
    TRY(put_part(block.keys, keys));
    TRY(put_part(block.rest, rest));
    encode(index_, block);
    return {};
  }

  Result<PartPlace> write(std::string_view raw) {
    const std::string bytes = zstd_compress(raw, ZstdChecksum::beside);
    const PartPlace place{offset_, bytes.size(), raw.size(), checksum(bytes)};
    TRY(file_.write(static_cast<std::int64_t>(offset_), bytes));
    offset_ += bytes.size();
    return place;
  }

  const std::string& index() const { return index_; }
  std::uint64_t offset() const { return offset_; }

 private:
  static Result<TenantTime> place_of(const PackedEvents& events, const PackedEvent& event) {
    return TenantTime{TRY(TenantId::parse(events.tenant_of(event))), event.at};
  }

  Result<> put_part(PartPlace& place, std::string_view bytes) {
    place.offset = offset_;
    TRY(file_.write(static_cast<std::int64_t>(offset_), bytes));
    offset_ += bytes.size();
    return {};
  }

  Result<> finish_block(TenantTime last) {
    block_.last = std::move(last);
    block_.keys = TRY(write(builder_.keys()));
    block_.rest = TRY(write(builder_.rest()));
    encode(index_, block_);
    builder_ = {};
    return {};
  }

  const File& file_;
  BlockBuilder builder_;
  BlockEntry block_;
  std::string index_;
  std::uint64_t offset_ = kHeaderBytes;
};

// Writes the index and the footer after the blocks.
Result<> finish(const File& file, BlockWriter& writer, std::uint64_t events) {
  const PartPlace index = TRY(writer.write(writer.index()));
  std::string footer;
  for (const std::uint64_t number :
       {index.offset, index.bytes, index.raw_bytes, index.checksum, events}) {
    put(footer, number);
  }
  put(footer, checksum(footer));
  CHECK(footer.size() == kFooterBytes);
  TRY(file.write(static_cast<std::int64_t>(writer.offset()), footer));
  return file.sync();
}

}  // namespace

struct ArchiveFile::Footer {
  PartPlace index;
  std::uint64_t events = 0;
};

std::optional<SequenceSpan> ArchiveFile::span_of(std::string_view name) {
  if (name.size() != 2 * kSpanDigits + 1 + kArchiveSuffix.size() ||
      !name.ends_with(kArchiveSuffix) || name[kSpanDigits] != '-') {
    return std::nullopt;
  }
  SequenceSpan span;
  const char* middle = name.data() + kSpanDigits;
  const char* end = middle + 1 + kSpanDigits;
  const auto first = std::from_chars(name.data(), middle, span.first);
  const auto last = std::from_chars(middle + 1, end, span.last);
  if (first.ec != std::errc{} || first.ptr != middle || last.ec != std::errc{} || last.ptr != end) {
    return std::nullopt;
  }
  return span;
}

std::filesystem::path ArchiveFile::path_of(const std::filesystem::path& folder, SequenceSpan span) {
  return folder / fmt::format("{:0{}}-{:0{}}{}", span.first, kSpanDigits, span.last, kSpanDigits,
                              kArchiveSuffix);
}

Result<> ArchiveFile::write(const std::filesystem::path& path, SequenceSpan span,
                            const PackedEvents& events) {
  const File file = TRY(File::open(path, File::Mode::make));
  TRY(file.write(0, encode_header(span)));
  BlockWriter writer{file};
  TRY(writer.add(events));
  return finish(file, writer, events.size());
}

Result<> ArchiveFile::write_since(const std::filesystem::path& path, const ArchiveFile& from,
                                  Timestamp at) {
  const File source = TRY(File::open(from.path_, File::Mode::read));
  const File file = TRY(File::open(path, File::Mode::make));
  TRY(file.write(0, encode_header(from.span_)));
  BlockWriter writer{file};
  std::uint64_t events = 0;
  for (const BlockEntry& block : from.blocks_) {
    if (block.newest < at) continue;
    if (block.oldest >= at) {
      const Bytes keys = TRY(from.read_stored(source, block.keys));
      const Bytes rest = TRY(from.read_stored(source, block.rest));
      TRY(writer.copy(block, keys.view(), rest.view()));
      events += block.events;
      continue;
    }
    const BlockKeys keys = TRY(from.read_keys(source, block));
    const EventRange kept{std::nullopt, {at, Timestamp::max()}};
    const PackedEvents some{TRY(from.read_events(source, block, keys, positions_of(keys, kept)))};
    TRY(writer.add(some));  // in their old order
    events += some.size();
  }
  return finish(file, writer, events);
}

Result<std::shared_ptr<ArchiveFile>> ArchiveFile::open(const std::filesystem::path& path,
                                                       SequenceSpan span) {
  auto opened = std::make_shared<ArchiveFile>();
  opened->path_ = path;
  opened->span_ = span;
  const File file = TRY(File::open(path, File::Mode::read));
  const auto size = static_cast<std::uint64_t>(TRY(file.size()));
  if (size < kHeaderBytes + kFooterBytes) return damaged(path, 0, "the file is cut short");
  const Bytes header = TRY(file.read(0, kHeaderBytes));
  const std::string_view bytes = header.view();
  if (!bytes.starts_with(kMagic) || number_at(bytes, 4) != checksum(bytes.substr(0, 32))) {
    return damaged(path, 0, "the header is damaged");
  }
  if (number_at(bytes, 1) != kArchiveVersion) {
    return damaged(path, 8, "the file is of a newer format than this program reads");
  }
  if (bytes != encode_header(span)) return damaged(path, 16, "this is another file's content");
  const Footer footer = TRY(opened->read_footer(file, size));
  TRY(opened->read_index(file, footer));
  return opened;
}

Result<ArchiveFile::Footer> ArchiveFile::read_footer(const File& file, std::uint64_t size) const {
  const std::uint64_t at = size - kFooterBytes;
  const Bytes read = TRY(file.read(static_cast<std::int64_t>(at), kFooterBytes));
  const std::string_view bytes = read.view();
  Footer footer;
  footer.index = {number_at(bytes, 0), number_at(bytes, 1), number_at(bytes, 2),
                  number_at(bytes, 3)};
  footer.events = number_at(bytes, 4);
  const bool is_sound = number_at(bytes, 5) == checksum(bytes.substr(0, kFooterBytes - 8)) &&
                        footer.index.offset >= kHeaderBytes && footer.index.offset <= at &&
                        footer.index.bytes == at - footer.index.offset &&
                        footer.index.raw_bytes <= kRawBytesMax;
  if (!is_sound) return damaged(path_, at, "the footer is damaged or not where it should be");
  return footer;
}

Result<> ArchiveFile::read_index(const File& file, const Footer& footer) {
  const std::string index = TRY(read_part(file, footer.index));
  ByteReader reader{index};
  std::uint64_t offset = kHeaderBytes;
  std::uint64_t events = 0;
  while (!reader.rest().empty()) {
    auto block = decode_entry(reader, offset);
    if (!block || offset > footer.index.offset) {
      return damaged(path_, footer.index.offset, "the index is malformed");
    }
    events += block->events;
    oldest_ = std::min(oldest_, block->oldest);
    newest_ = std::max(newest_, block->newest);
    blocks_.push_back(*std::move(block));
  }
  if (offset != footer.index.offset || events != footer.events || reader.fault() != nullptr) {
    return damaged(path_, footer.index.offset, "the index does not cover the file");
  }
  event_count_ = static_cast<std::int64_t>(events);
  blocks_.shrink_to_fit();
  return {};
}

std::vector<std::uint32_t> ArchiveFile::blocks_of(const EventRange& range) const {
  // There are many files, and most cover other times.
  if (newest_ < range.window.start || oldest_ >= range.window.end) return {};
  auto begin = blocks_.begin();
  auto end = blocks_.end();
  if (range.tenant) {
    begin = std::ranges::lower_bound(begin, end, TenantTime{*range.tenant, range.window.start}, {},
                                     &BlockEntry::last);
    end = std::ranges::lower_bound(begin, end, TenantTime{*range.tenant, range.window.end}, {},
                                   &BlockEntry::first);
  }
  std::vector<std::uint32_t> found;
  for (; begin != end; ++begin) {
    if (begin->oldest >= range.window.end || begin->newest < range.window.start) continue;
    found.push_back(static_cast<std::uint32_t>(begin - blocks_.begin()));
  }
  return found;
}

Result<std::optional<File>> ArchiveFile::open_to_read() const {
  auto file = File::open(path_, File::Mode::read);
  // Checked after opening: the name may belong to another file by now, or to none.
  if (is_retired_ && kept_.path().empty()) return std::nullopt;
  if (is_retired_) return std::optional{TRY(kept_.duplicate())};
  if (file) return std::optional{*std::move(file)};
  return fail(std::move(file).error());
}

Result<> ArchiveFile::retire_readable() {
  kept_ = TRY(File::open(path_, File::Mode::read));
  is_retired_ = true;
  return {};
}

Result<Bytes> ArchiveFile::read_stored(const File& file, const PartPlace& place) const {
  Bytes bytes = TRY(
      file.read(static_cast<std::int64_t>(place.offset), static_cast<std::size_t>(place.bytes)));
  if (checksum(bytes.view()) != place.checksum) {
    return damaged(path_, place.offset, "the checksum does not match");
  }
  return bytes;
}

Result<std::string> ArchiveFile::read_part(const File& file, const PartPlace& place) const {
  const Bytes bytes = TRY(read_stored(file, place));
  auto raw = zstd_decompress_exactly(bytes.view(), static_cast<std::size_t>(place.raw_bytes));
  if (!raw) return damaged(path_, place.offset, raw.error().message);
  return raw;
}

Result<BlockKeys> ArchiveFile::read_keys(const File& file, const BlockEntry& block) const {
  const std::string raw = TRY(read_part(file, block.keys));
  auto keys = decode_keys(raw);
  if (!keys) return damaged(path_, block.keys.offset, keys.error().message);
  if (keys->keys.size() != block.events) {
    return damaged(path_, block.keys.offset, "the block has another number of events");
  }
  return keys;
}

Result<std::vector<ArchivedEvent>> ArchiveFile::read_events(
    const File& file, const BlockEntry& block, const BlockKeys& keys,
    std::span<const std::uint32_t> positions) const {
  const std::string raw = TRY(read_part(file, block.rest));
  auto events = decode_events(keys, raw, positions);
  if (!events) return damaged(path_, block.rest.offset, events.error().message);
  return events;
}

Result<std::int64_t> ArchiveFile::count(const EventRange& range, std::size_t kind) const {
  const std::vector<std::uint32_t> blocks = blocks_of(range);
  if (blocks.empty()) return 0;
  const std::optional<File> file = TRY(open_to_read());
  if (!file) return 0;
  std::int64_t count = 0;
  for (const std::uint32_t which : blocks) {
    const BlockEntry& block = blocks_[which];
    const std::string raw = TRY(read_part(*file, block.rest));
    const auto kinds = decode_kinds(raw);
    if (!kinds) return damaged(path_, block.rest.offset, kinds.error().message);
    if (kinds->size() != block.events)
      return damaged(path_, block.rest.offset, "the block has another number of events");
    const bool is_whole =
        !range.tenant && range.window.start <= block.oldest && block.newest < range.window.end;
    if (is_whole) {
      count += std::ranges::count(*kinds, kind);
      continue;
    }
    const BlockKeys keys = TRY(read_keys(*file, block));
    for (const std::uint32_t position : positions_of(keys, range)) {
      if ((*kinds)[position] == kind) ++count;
    }
  }
  return count;
}

Result<> ArchiveFile::verify() const {
  const File file = TRY(File::open(path_, File::Mode::read));
  for (const BlockEntry& block : blocks_) {
    const BlockKeys keys = TRY(read_keys(file, block));
    const std::string raw = TRY(read_part(file, block.rest));
    if (const auto checked = check_events(keys.keys.size(), raw); !checked)
      return damaged(path_, block.rest.offset, checked.error().message);
  }
  return {};
}

}  // namespace metergate
