#include "storage/cluster/follower.h"

#include <fmt/format.h>

#include <charconv>

#include "storage/bytes/files.h"
#include "storage/journal/journal_frame.h"

namespace metergate {
namespace {

constexpr std::string_view kMarkVersion = "metergate-mark-1";

std::unexpected<Error> bad_entry(EntrySlot slot, std::string_view what) {
  return fail(ErrorCode::corrupt, fmt::format("entry {} of the shared journal {}", slot, what));
}

Result<Frame> frame_of(const JournalEntry& entry) {
  Frame frame;
  switch (decode(entry.frame, frame)) {
    case Soundness::good:
      if (frame.bytes != entry.frame.size()) return bad_entry(entry.slot, "is damaged");
      return frame;
    case Soundness::newer:
      return bad_entry(entry.slot,
                       "was written by a newer version of metergate: start that version here too");
    case Soundness::bad:
      break;
  }
  return bad_entry(entry.slot, "is damaged");
}

std::string mark_text(const JournalPlace& place) {
  return fmt::format("{} {} {} {}\n", kMarkVersion, place.slot, place.hash, place.sequence);
}

// Nothing if it cannot be read: the journal is then read from the first slot on.
std::optional<JournalPlace> parse_mark(std::string_view text) {
  if (!text.starts_with(kMarkVersion)) return std::nullopt;
  JournalPlace place;
  const char* at = text.data() + kMarkVersion.size();
  const char* const end = text.data() + text.size();
  for (std::uint64_t* number : {&place.slot, &place.hash, &place.sequence}) {
    if (at == end || *at != ' ') return std::nullopt;
    const auto [rest, error] = std::from_chars(at + 1, end, *number);
    if (error != std::errc{}) return std::nullopt;
    at = rest;
  }
  return at != end && *at == '\n' ? std::optional(place) : std::nullopt;
}

}  // namespace

JournalEntry make_entry(const JournalPlace& place, std::string by,
                        const std::vector<std::string>& batches) {
  JournalEntry entry{place.slot + 1, std::move(by), {}};
  begin_frame(entry.frame);
  for (const std::string& batch : batches) add_batch(entry.frame, batch);
  FrameHeader header;
  header.first_sequence = place.sequence + 1;
  header.batch_count = static_cast<std::uint32_t>(batches.size());
  header.durable = place.sequence;
  header.previous_hash = place.hash;
  finish_frame(entry.frame, header);
  return entry;
}

Result<> Follower::begin() {
  std::error_code none;
  if (!mark_.empty() && std::filesystem::exists(mark_, none)) {
    const Bytes bytes = TRY(read_file(mark_));
    const auto mark = parse_mark(bytes.view());
    // A mark beyond the copy is of a copy that was put back since.
    if (mark && mark->sequence <= store_.head()) {
      TRY(check_entry(*mark, ErrorCode::conflict));
      place_ = counted_ = kept_ = *mark;
    }
  }
  while (TRY(step())) {
  }
  if (place_.sequence < store_.head())
    return fail(ErrorCode::conflict,
                fmt::format("the shared journal ends with batch {}, but this node's copy has {}: "
                            "the database was set back to an older state, or is another one; put "
                            "back what it lost, or begin with an empty DATA_DIR",
                            place_.sequence, store_.head()));
  return {};
}

Result<> Follower::check_entry(const JournalPlace& place, ErrorCode if_missing) {
  if (place.slot == 0) return {};
  const auto entry = TRY(journal_.read(place.slot));
  if (!entry)
    return fail(if_missing,
                fmt::format("this node has followed the shared journal up to entry {}, which is "
                            "not there any more: the database was set back to an older state, or "
                            "is another one; put back what it lost, or begin with an empty "
                            "DATA_DIR",
                            place.slot));
  if (TRY(frame_of(*entry)).hash == place.hash) return {};
  return fail(ErrorCode::conflict,
              fmt::format("entry {} of the shared journal is not the one that this node has "
                          "folded: the database was set back and has gone on differently; begin "
                          "with an empty DATA_DIR",
                          place.slot));
}

Result<bool> Follower::step() {
  const std::vector<JournalEntry> read = TRY(journal_.read_after(place_.slot));
  for (const JournalEntry& entry : read) TRY(take(entry));
  return !read.empty();
}

Result<> Follower::take(const JournalEntry& entry) {
  CHECK(entry.slot == place_.slot + 1);
  const Frame frame = TRY(frame_of(entry));
  if (frame.header.previous_hash != place_.hash) {
    ++place_.slot;
    ++void_entries_;
    return {};
  }
  if (frame.header.first_sequence != place_.sequence + 1 || frame.header.batch_count == 0)
    return bad_entry(entry.slot, "does not go on where the one before it ends");
  // Batches that the copy has are passed over, also those before an error of the last call.
  const auto fold = [&](Sequence sequence, std::string_view bytes) -> Result<> {
    const DecidedBatch batch = TRY(decode_batch(bytes));
    TRY(store_.take(sequence, batch, bytes));
    told_(batch, entry.by);
    return {};
  };
  TRY(for_each_batch(frame, store_.head(), fold));
  place_ = counted_ = {entry.slot, frame.hash, frame.last_sequence()};
  return {};
}

Result<> Follower::keep_mark() {
  if (mark_.empty() || counted_.slot == kept_.slot || store_.durable() < counted_.sequence)
    return {};
  const std::filesystem::path beside = mark_.string() + std::string{kUnfinishedSuffix};
  {
    const File file = TRY(File::open(beside, File::Mode::make));
    TRY(file.write(0, mark_text(counted_)));
    TRY(file.sync_data());
  }
  TRY(rename_file(beside, mark_));
  kept_ = counted_;
  return {};
}

}  // namespace metergate
