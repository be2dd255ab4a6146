#include "storage/journal/journal_recovery.h"

#include <fmt/format.h>

#include <optional>

#include "storage/bytes/checksum.h"
#include "storage/bytes/codec.h"
#include "storage/bytes/files.h"
#include "storage/journal/journal_segment.h"

namespace metergate {
namespace {

constexpr std::string_view kStopped = "stopped";

// The end of the journal as an orderly stop left it.
struct End {
  std::uint64_t last_sequence = 0;
  std::uint64_t last_hash = 0;
  friend bool operator==(const End&, const End&) = default;
};

std::string encode(const End& end) {
  std::string bytes;
  Encoder encoder{bytes};
  encoder.unsigned_number(end.last_sequence);
  encoder.unsigned_number(end.last_hash);
  encoder.unsigned_number(checksum(bytes));
  return bytes;
}

// Nothing if the bytes are incomplete: the stop was interrupted, so it does not count.
std::optional<End> decode(std::string_view bytes) {
  Decoder decoder{bytes};
  const auto last_sequence = decoder.unsigned_number();
  const auto last_hash = decoder.unsigned_number();
  if (!last_sequence || !last_hash) return std::nullopt;
  const End end{*last_sequence, *last_hash};
  return encode(end) == bytes ? std::optional{end} : std::nullopt;
}

struct Found {
  std::vector<std::uint64_t> numbers;  // of segments, ascending
  std::optional<End> stopped;
};

Result<Found> look_around(const std::filesystem::path& folder) {
  Found found;
  for (const std::string& name : TRY(list_folder(folder))) {
    if (name.ends_with(kUnfinishedSuffix))
      TRY(remove_file(folder / name));  // of an interrupted preparation
    if (const auto number = segment_number(name)) found.numbers.push_back(*number);
    if (name == kStopped) found.stopped = decode(TRY(read_file(folder / name)).view());
  }
  for (std::size_t i = 1; i < found.numbers.size(); ++i) {
    const std::uint64_t wanted = found.numbers[i - 1] + 1;
    if (found.numbers[i] != wanted) {
      return damaged(segment_path(folder, wanted), 0, "the segment is missing");
    }
  }
  return found;
}

// Reads the segments in order, replays them, and checks each against the previous one.
class Reading {
 public:
  Reading(std::uint64_t after, const Journal::Visit& replay) : after_(after), replay_(replay) {}

  Result<> read(const std::filesystem::path& path) {
    SegmentContents segment = TRY(load_segment(path));
    const SegmentState state = segment.scan.state;
    if (state == SegmentState::used) {
      TRY(check(segment.scan));
      TRY(read_frames(segment, after_, replay_));
      last = std::move(segment.scan);
      used.push_back(last.info);
      return {};
    }
    if (state == SegmentState::unstarted && !unused.empty()) {
      return damaged(path, 0, "the segment's header is damaged");
    }
    // All frames of the previous segment were on disk before the header was begun.
    if (state == SegmentState::unstarted) TRY(expect_whole());
    unused.push_back(std::move(segment.scan));
    return {};
  }

  End end() const {
    return {last.header.first_sequence == 0 ? 0 : last_sequence(), last.last_hash};
  }

  std::vector<JournalSegment> used;
  std::vector<SegmentScan> unused;
  SegmentScan last;  // of the used segments

 private:
  // first_sequence is at least 1, so this is correct for a segment without frames as well.
  std::uint64_t last_sequence() const {
    return last.info.last_sequence != 0 ? last.info.last_sequence : last.header.first_sequence - 1;
  }

  Result<> expect_whole() const {
    if (!last.is_torn) return {};
    return damaged(last.info.path, last.info.bytes, "the frame is bad, yet a segment follows");
  }

  Result<> check(const SegmentScan& scan) const {
    const std::filesystem::path& path = scan.info.path;
    const std::uint64_t first = scan.header.first_sequence;
    if (!unused.empty()) {
      return damaged(unused.front().info.path, 0, "the segment is empty, yet a used one follows");
    }
    if (first == 0) return damaged(path, 0, "the segment's header contradicts itself");
    if (used.empty()) {
      if (first <= after_ + 1) return {};
      return damaged(
          path, 0,
          fmt::format("the journal begins with sequence {}, but {} is needed", first, after_ + 1));
    }
    TRY(expect_whole());
    if (first != last_sequence() + 1) {
      return damaged(path, 0, "the segment does not go on with the next sequence");
    }
    if (scan.header.previous_hash != last.last_hash) {
      return damaged(path, 0, "the segment does not follow the one before it");
    }
    return {};
  }

  std::uint64_t after_;
  const Journal::Visit& replay_;
};

// Data that was seen on disk before must still be there.
Result<> check_end(const Reading& reading, const Found& found, std::uint64_t after,
                   const std::filesystem::path& folder) {
  const End end = reading.end();
  // The current segment is never removed, so a journal without one is new.
  if (reading.used.empty() && !found.numbers.empty() && found.numbers.front() != 1) {
    return damaged(segment_path(folder, found.numbers.front() - 1), 0, "the segment is missing");
  }
  const auto at = [&] { return reading.used.empty() ? folder : reading.last.info.path; };
  if (end.last_sequence < after) {
    return damaged(at(), reading.last.info.bytes,
                   fmt::format("the journal ends with sequence {}, but {} was on disk",
                               end.last_sequence, after));
  }
  if (found.stopped && *found.stopped != end) {
    return damaged(at(), reading.last.info.bytes,
                   fmt::format("the journal ends with sequence {}, but it was stopped in order "
                               "after {}",
                               end.last_sequence, found.stopped->last_sequence));
  }
  return {};
}

// Drops free segments of another size, incomplete ones, and all later ones.
Result<> keep_fitting(std::vector<SegmentScan>& unused, std::int64_t bytes) {
  std::size_t fitting = 0;
  for (; fitting < unused.size(); ++fitting) {
    const SegmentScan& scan = unused[fitting];
    if (scan.state != SegmentState::free) break;
    const File file = TRY(File::open(scan.info.path, File::Mode::read));
    if (TRY(file.size()) != bytes) break;
  }
  for (; unused.size() > fitting; unused.pop_back()) TRY(remove_file(unused.back().info.path));
  return {};
}

// Gives the last used segment a new file with its good content. A whole file has its name at every
// moment. The last spare segment is used for it, so that the numbers have no gap.
Result<> copy_last(const SegmentScan& last, std::vector<SegmentScan>& unused,
                   const JournalOptions& options) {
  const std::filesystem::path& path = last.info.path;
  const std::filesystem::path beside{path.string() + std::string{kUnfinishedSuffix}};
  const auto size = static_cast<std::int64_t>(last.header.bytes);
  if (!unused.empty() && size == options.segment_bytes) {
    TRY(rename_file(unused.back().info.path, beside));
    unused.pop_back();
  } else {
    const std::atomic<bool> never{false};
    TRY(prepare_segment(beside, size, never));
  }
  const File old = TRY(File::open(path, File::Mode::read));
  const Bytes good = TRY(old.read(0, static_cast<std::size_t>(last.info.bytes)));
  const File file = TRY(File::open(beside, File::Mode::write));
  TRY(file.write(0, good.view()));
  TRY(file.sync());
  TRY(rename_file(beside, path));
  return sync_folder(options.folder);
}

}  // namespace

Result<Recovered> recover(const JournalOptions& options, std::uint64_t after,
                          const Journal::Visit& replay, const Log& log) {
  TRY(make_folder(options.folder));
  const Found found = TRY(look_around(options.folder));
  Reading reading{after, replay};
  for (const std::uint64_t number : found.numbers) {
    TRY(reading.read(segment_path(options.folder, number)));
  }
  TRY(check_end(reading, found, after, options.folder));
  if (reading.last.is_torn) {
    log.warn("journal.torn_tail_cut",
             {{"file", reading.last.info.path.string()}, {"offset", reading.last.info.bytes}});
  }
  TRY(keep_fitting(reading.unused, options.segment_bytes));
  if (!reading.used.empty() && (!found.stopped || reading.last.is_torn)) {
    TRY(copy_last(reading.last, reading.unused, options));
  }
  TRY(remove_file(options.folder / kStopped));
  TRY(sync_folder(options.folder));

  Recovered recovered;
  recovered.used = std::move(reading.used);
  for (JournalSegment& info : recovered.used) info.is_full = true;
  if (!recovered.used.empty()) {
    recovered.used.back().is_full = false;
    recovered.next_number = recovered.used.back().number + 1;
  }
  for (const SegmentScan& scan : reading.unused) recovered.free.push_back(scan.info.number);
  if (!recovered.free.empty()) recovered.next_number = recovered.free.back() + 1;
  recovered.last_sequence = reading.end().last_sequence;
  recovered.last_hash = reading.end().last_hash;
  return recovered;
}

Result<> mark_stopped(const JournalOptions& options, std::uint64_t last_sequence,
                      std::uint64_t last_hash) {
  const File file = TRY(File::open(options.folder / kStopped, File::Mode::make));
  TRY(file.write(0, encode(End{last_sequence, last_hash})));
  TRY(file.sync());
  return sync_folder(options.folder);
}

}  // namespace metergate
