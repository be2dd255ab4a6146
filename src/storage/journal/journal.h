// The journal: the one durable thing. Append-only frames in numbered segment files; one committing
// thread syncs.
//
// append() copies a batch into the frame that is being formed and returns at once. Who asks
// when_written() writes what has been formed on its own thread; the committing thread writes the
// rest, syncs (fdatasync) and reports durable: at once where somebody waits for that, else within
// 5 ms. While one frame syncs the next is formed, so the group grows with the load: at most
// kFrameBytesMax or kFrameBatchesMax. A failed write or sync ends the process (exit status 1, one
// line on standard error) before anything is reported durable: what the kernel forgot cannot be
// trusted (docs/storage-format.md). Segments are preallocated, so a full disk is met before a frame
// needs it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"

namespace metergate {

struct JournalOptions {
  std::filesystem::path folder;  // of the segments
  std::int64_t segment_bytes = 64LL << 20;
  std::int64_t waiting_bytes_max = 16LL << 20;
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
  // `after`, cuts a torn tail, and makes room to append. `after` must have been durable: a journal
  // that ends before it is damaged. The first batch ever has sequence 1. ErrorCode::corrupt with
  // file and offset for damage that is no torn tail, a gap in the sequences, or a newer format;
  // ErrorCode::storage where the folder cannot be written.
  static Result<std::unique_ptr<Journal>> open(const JournalOptions& options, std::uint64_t after,
                                               const Visit& replay, const Log& log);
  virtual ~Journal() = default;

  // Batches are numbered by the caller, one after another without a gap. ErrorCode::overloaded
  // where waiting_bytes_max would be passed or the next segment is still being prepared,
  // ErrorCode::storage where fewer than two free segments are to be had, ErrorCode::too_large where
  // no segment (or 32 MiB) would hold it; the batch is then not taken.
  virtual Result<> append(std::uint64_t sequence, std::string_view batch) = 0;
  // As append() would answer now.
  virtual Result<> admits(std::size_t bytes) const = 0;

  // What the kernel has been given: it survives the end of this process, but not that of the
  // machine. Never behind durable(). when_written() gives it what was appended and calls `then` at
  // once, but for a batch that begins a new segment or comes later: then as when_durable(), on the
  // thread that writes it.
  virtual std::uint64_t written() const = 0;
  virtual void when_written(std::uint64_t sequence, std::move_only_function<void()> then) = 0;

  virtual std::uint64_t durable() const = 0;
  // Calls `then` once durable() >= sequence: at once where it is, else from the committing thread,
  // in the order of the sequences, holding no lock. The destructor writes and reports all that was
  // taken; what waits for a sequence that was never appended is dropped.
  virtual void when_durable(std::uint64_t sequence, std::move_only_function<void()> then) = 0;

  virtual std::vector<JournalSegment> segments() const = 0;
  // Ends the segment that is appended to, where it holds anything: what was taken before this call
  // stays in it, durable when this returns, and what is written later begins a new one. Blocks.
  // ErrorCode::storage where fewer than two free segments are to be had. One caller at a time.
  virtual Result<> end_segment() = 0;
  // Deletes full segments whose last sequence is at most `sequence`.
  virtual Result<> remove_through(std::uint64_t sequence) = 0;
};

}  // namespace metergate
