#include "storage/journal/journal_segment.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "storage/bytes/files.h"

namespace metergate {
namespace {

constexpr std::string_view kSegmentSuffix = ".mgj";
constexpr std::size_t kSegmentDigits = 20;
constexpr std::int64_t kZeroStep = 1LL << 20;

// The state of a file by its header, and the header if there is one.
Result<SegmentScan> read_header(const std::filesystem::path& path, std::string_view bytes) {
  SegmentScan scan;
  scan.info.path = path;
  scan.info.number = segment_number(path.filename().string()).value_or(0);
  if (bytes.size() < kSegmentHeaderBytes) return damaged(path, 0, "the file is cut short");
  if (is_all_zero(bytes)) return scan;
  switch (decode(bytes.substr(0, kSegmentHeaderBytes), scan.header)) {
    case Soundness::good:
      break;
    case Soundness::newer:
      return damaged(path, 0, "the segment is of a newer format than this program reads");
    case Soundness::bad:
      // The header is synced before any frame follows it.
      if (!is_all_zero(bytes.substr(kSegmentHeaderBytes))) {
        return damaged(path, 0, "the segment's header is damaged, and data follows it");
      }
      scan.state = SegmentState::unstarted;
      return scan;
  }
  if (scan.header.number != scan.info.number) {
    return damaged(path, 0,
                   fmt::format("this is segment {} under another's name", scan.header.number));
  }
  if (scan.header.bytes != bytes.size()) {
    return damaged(path, 0,
                   fmt::format("the file has {} bytes where it was made with {}", bytes.size(),
                               scan.header.bytes));
  }
  scan.state = SegmentState::used;
  return scan;
}

// The fault of a frame with a right checksum; nullptr if there is none.
const char* fault_of(const FrameHeader& frame, std::uint64_t next, std::uint64_t previous_hash) {
  if (frame.batch_count == 0 || frame.durable >= frame.first_sequence) {
    return "the frame's header contradicts itself";
  }
  if (frame.first_sequence != next) return "the frame does not go on with the next sequence";
  if (frame.previous_hash != previous_hash) return "the frame does not follow the one before it";
  return nullptr;
}

}  // namespace

std::unexpected<Error> damaged(const std::filesystem::path& path, std::int64_t offset,
                               std::string_view what) {
  return fail(ErrorCode::corrupt,
              fmt::format("the journal is damaged: {} at byte {}: {}. Nothing was changed. Restore "
                          "the data folder from a backup, or check the disk and put the file back",
                          path.string(), offset, what));
}

std::filesystem::path segment_path(const std::filesystem::path& folder, std::uint64_t number) {
  return folder / fmt::format("{:0{}}{}", number, kSegmentDigits, kSegmentSuffix);
}

std::optional<std::uint64_t> segment_number(std::string_view name) {
  if (name.size() != kSegmentDigits + kSegmentSuffix.size() || !name.ends_with(kSegmentSuffix))
    return std::nullopt;
  std::uint64_t number = 0;
  const char* end = name.data() + kSegmentDigits;
  const auto [stop, code] = std::from_chars(name.data(), end, number);
  if (code != std::errc{} || stop != end) return std::nullopt;
  return number;
}

Result<SegmentContents> load_segment(const std::filesystem::path& path) {
  SegmentContents segment;
  segment.bytes = TRY(read_file(path));
  segment.scan = TRY(read_header(path, segment.bytes.view()));
  return segment;
}

Result<> read_frames(SegmentContents& segment, std::uint64_t after, const VisitBatch& visit) {
  const std::string_view bytes = segment.bytes.view();
  SegmentScan& scan = segment.scan;
  const std::filesystem::path& path = scan.info.path;
  std::size_t at = kSegmentHeaderBytes;
  std::uint64_t next = scan.header.first_sequence;
  scan.last_hash = scan.header.previous_hash;
  const auto here = [&at] { return static_cast<std::int64_t>(at); };
  Frame frame;
  for (; at < bytes.size(); at += frame.bytes) {
    const Soundness soundness = decode(bytes.substr(at), frame);
    if (soundness == Soundness::newer) {
      return damaged(path, here(), "the frame is of a newer format than this program reads");
    }
    if (soundness == Soundness::bad) break;
    if (const char* fault = fault_of(frame.header, next, scan.last_hash)) {
      return damaged(path, here(), fault);
    }
    if (auto visited = for_each_batch(frame, after, visit); !visited) {
      if (visited.error().code != ErrorCode::corrupt) return fail(std::move(visited).error());
      return damaged(path, here(), visited.error().message);
    }
    next = frame.last_sequence() + 1;
    scan.last_hash = frame.hash;
  }
  const std::string_view rest = bytes.substr(at);
  scan.is_torn = !is_all_zero(rest);
  if (const auto good = scan.is_torn ? find_frame(rest, next) : std::nullopt) {
    return damaged(path, here(),
                   fmt::format("the frame is bad, yet it was on disk when the good one at byte {} "
                               "was written",
                               at + *good));
  }
  scan.info.first_sequence = scan.header.first_sequence;
  scan.info.last_sequence = next == scan.header.first_sequence ? 0 : next - 1;
  scan.info.bytes = here();
  return {};
}

Result<bool> prepare_segment(const std::filesystem::path& path, std::int64_t bytes,
                             const std::atomic<bool>& stop) {
  const std::filesystem::path beside{path.string() + std::string{kUnfinishedSuffix}};
  const auto fill = [&]() -> Result<bool> {
    const File file = TRY(File::open(beside, File::Mode::make));
    TRY(file.reserve(bytes));
    // The first sync of reserved but unwritten space must mark it as written; writing zeros now
    // makes all later syncs cheaper.
    const std::string zeros(static_cast<std::size_t>(std::min(kZeroStep, bytes)), '\0');
    for (std::int64_t at = 0; at < bytes && !stop; at += kZeroStep) {
      const auto step = static_cast<std::size_t>(std::min(kZeroStep, bytes - at));
      TRY(file.write(at, std::string_view{zeros}.substr(0, step)));
    }
    if (stop) return false;
    TRY(file.sync());
    TRY(rename_file(beside, path));
    TRY(sync_folder(path.parent_path()));
    return true;
  };
  auto done = fill();
  if (!done || !*done) {
    const auto removed = remove_file(beside);
    if (done && !removed) return fail(removed.error());
  }
  return done;
}

}  // namespace metergate
