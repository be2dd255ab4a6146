// The journal, which makes batches durable. Append-only frames in numbered segment files; one
// committing thread syncs.
//
// append() copies a batch into the frame that is being formed and returns at once. A caller of
// when_written() writes the formed frames on its own thread. The committing thread writes the
// others, syncs (fdatasync) and reports durable: at once if a caller waits for it, otherwise within
// 5 ms. While one frame syncs the next is formed, so the group grows with the load, up to
// kFrameBytesMax or kFrameBatchesMax. A failed write or sync ends the process (exit status 1, one
// line on standard error) before anything is reported durable, because the kernel may have dropped
// the data (docs/storage-format.md). Segments are preallocated, so a full disk is noticed before a
// frame needs the space.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "base/tally.h"
#include "base/time.h"

namespace metergate {

struct JournalOptions {
  std::filesystem::path folder;  // with the segments
  std::int64_t segment_bytes = 64LL << 20;
  std::int64_t waiting_bytes_max = 16LL << 20;
  const Clock* clock = nullptr;  // of syncs(); null: they are not timed
};

struct JournalSegment {
  std::filesystem::path path;
  std::uint64_t number = 0;
  std::uint64_t first_sequence = 0;
  std::uint64_t last_sequence = 0;  // 0: empty
  std::int64_t bytes = 0;           // used
  bool is_full = false;             // no longer appended to
};

class Journal {
 public:
  using Visit = std::function<Result<>(std::uint64_t sequence, std::string_view batch)>;

  // Opens the segments, checks every frame, calls `replay` for each batch with a sequence above
  // `after`, cuts a torn tail, and prepares appending. `after` must have been durable: a journal
  // that ends before it is damaged. The very first batch has sequence 1. ErrorCode::corrupt, with
  // file and offset, for damage other than a torn tail, a gap in the sequences, or a newer format;
  // ErrorCode::storage if the folder cannot be written.
  static Result<std::unique_ptr<Journal>> open(const JournalOptions& options, std::uint64_t after,
                                               const Visit& replay, const Log& log);
  virtual ~Journal() = default;

  // The caller numbers the batches without a gap. A refused batch is not taken:
  // ErrorCode::overloaded if waiting_bytes_max would be exceeded or the next segment is still being
  // prepared, ErrorCode::storage if there are fewer than two free segments, ErrorCode::too_large if
  // no segment (or 32 MiB) could hold it.
  virtual Result<> append(std::uint64_t sequence, std::string_view batch) = 0;
  // The result that append() would have now.
  virtual Result<> admits(std::size_t bytes) const = 0;

  // The last sequence passed to the kernel: it survives the end of this process, but not of the
  // machine. Never behind durable(). when_written() writes the appended batches and calls `then` at
  // once. For a batch that begins a new segment or comes later, `then` is called by the thread that
  // writes it, as for when_durable().
  virtual std::uint64_t written() const = 0;
  virtual void when_written(std::uint64_t sequence, std::move_only_function<void()> then) = 0;

  virtual std::uint64_t durable() const = 0;
  // Calls `then` once durable() >= sequence: at once if it is, otherwise from the committing
  // thread, in the order of the sequences, without a lock held. The destructor writes and reports
  // all accepted batches; callbacks for sequences that were never appended are dropped.
  virtual void when_durable(std::uint64_t sequence, std::move_only_function<void()> then) = 0;

  virtual std::vector<JournalSegment> segments() const = 0;
  // How long the disk took for each sync of frames.
  virtual LatencyCounts syncs() const = 0;
  // Ends the current segment, if it has any content: batches accepted before this call stay in it
  // and are durable on return; later ones go to a new segment. Blocks. ErrorCode::storage if there
  // are fewer than two free segments. One caller at a time.
  virtual Result<> end_segment() = 0;
  // Deletes full segments whose last sequence is at most `sequence`.
  virtual Result<> remove_through(std::uint64_t sequence) = 0;
};

}  // namespace metergate
