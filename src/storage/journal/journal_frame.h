// Frames and segment headers: the only place that writes and recognizes the bytes of the journal.
// The grammar is in docs/storage-format.md. Plain functions; safe from any thread.
//
// A frame's hash is its checksum; it covers the hash of the previous frame, so frames form a chain.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace metergate {

inline constexpr std::size_t kSegmentHeaderBytes = 4096;  // a page without frames
inline constexpr std::size_t kFrameHeaderBytes = 40;
inline constexpr std::size_t kFrameOverheadBytes = kFrameHeaderBytes + 8;

struct SegmentHeader {
  std::uint64_t number = 0;
  std::uint64_t first_sequence = 0;
  std::uint64_t previous_hash = 0;  // of the previous segment's last frame
  std::uint64_t bytes = 0;          // of the whole file
};

enum class Soundness : std::uint8_t { good, newer, bad };

std::string encode(const SegmentHeader& header);
// Reads the first kSegmentHeaderBytes of a file.
Soundness decode(std::string_view bytes, SegmentHeader& header);

struct FrameHeader {
  std::uint64_t first_sequence = 0;
  std::uint32_t batch_count = 0;
  std::uint64_t durable = 0;  // the highest sequence known to be on disk when it was written
  std::uint64_t previous_hash = 0;
};

struct Frame {
  FrameHeader header;
  std::string_view payload;
  std::uint64_t hash = 0;
  std::size_t bytes = 0;  // the size of the whole frame
  std::uint64_t last_sequence() const { return header.first_sequence + header.batch_count - 1; }
};

// A frame is formed in one buffer: begin_frame() leaves room for the header, add_batch() appends,
// finish_frame() fills in the header, appends the checksum and returns it.
void begin_frame(std::string& buffer);
void add_batch(std::string& buffer, std::string_view batch);
std::uint64_t finish_frame(std::string& buffer, const FrameHeader& header);

// Reads the frame at the start of `bytes`.
Soundness decode(std::string_view bytes, Frame& frame);
// The first offset in `bytes` of a good frame that was written when `durable_min` or a later
// sequence was on disk.
std::optional<std::size_t> find_frame(std::string_view bytes, std::uint64_t durable_min);

using VisitBatch = std::function<Result<>(std::uint64_t sequence, std::string_view batch)>;
// Calls `visit` for the batches with a sequence above `after`.
Result<> for_each_batch(const Frame& frame, std::uint64_t after, const VisitBatch& visit);

bool is_all_zero(std::string_view bytes);

}  // namespace metergate
