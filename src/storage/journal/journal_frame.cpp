#include "storage/journal/journal_frame.h"

#include <bit>
#include <cstring>

#include "base/check.h"
#include "storage/bytes/checksum.h"
#include "storage/bytes/codec.h"

namespace metergate {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are stored little-endian");

constexpr std::string_view kSegmentMagic{"\xffMGJSEG\n", 8};
// Contains two bytes that do not occur in UTF-8, so no text inside an event looks like a frame.
constexpr std::string_view kFrameMagic{"\xfeMG\xff", 4};
constexpr std::uint32_t kSegmentVersion = 1;
constexpr std::uint32_t kFrameVersion = 1;
constexpr std::size_t kSegmentFieldBytes = 48;  // before the checksum

template <class Number>
void put(std::string& out, Number value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}

template <class Number>
Number take(std::string_view& from) {
  Number value;
  std::memcpy(&value, from.substr(0, sizeof value).data(), sizeof value);
  from.remove_prefix(sizeof value);
  return value;
}

}  // namespace

std::string encode(const SegmentHeader& header) {
  std::string bytes{kSegmentMagic};
  put(bytes, kSegmentVersion);
  put(bytes, std::uint32_t{0});
  put(bytes, header.number);
  put(bytes, header.first_sequence);
  put(bytes, header.previous_hash);
  put(bytes, header.bytes);
  CHECK(bytes.size() == kSegmentFieldBytes);
  put(bytes, checksum(bytes));
  return bytes;
}

Soundness decode(std::string_view bytes, SegmentHeader& header) {
  if (bytes.size() < kSegmentHeaderBytes || !bytes.starts_with(kSegmentMagic)) {
    return Soundness::bad;
  }
  std::string_view sum = bytes.substr(kSegmentFieldBytes);
  if (take<std::uint64_t>(sum) != checksum(bytes.substr(0, kSegmentFieldBytes))) {
    return Soundness::bad;
  }
  bytes.remove_prefix(kSegmentMagic.size());
  if (take<std::uint32_t>(bytes) != kSegmentVersion) return Soundness::newer;
  if (take<std::uint32_t>(bytes) != 0) return Soundness::newer;
  header.number = take<std::uint64_t>(bytes);
  header.first_sequence = take<std::uint64_t>(bytes);
  header.previous_hash = take<std::uint64_t>(bytes);
  header.bytes = take<std::uint64_t>(bytes);
  return Soundness::good;
}

void begin_frame(std::string& buffer) { buffer.assign(kFrameHeaderBytes, '\0'); }

void add_batch(std::string& buffer, std::string_view batch) { Encoder{buffer}.text(batch); }

std::uint64_t finish_frame(std::string& buffer, const FrameHeader& header) {
  const std::size_t payload_bytes = buffer.size() - kFrameHeaderBytes;
  CHECK(payload_bytes <= UINT32_MAX);
  std::string fields{kFrameMagic};
  put(fields, kFrameVersion);
  put(fields, static_cast<std::uint32_t>(payload_bytes));
  put(fields, header.batch_count);
  put(fields, header.first_sequence);
  put(fields, header.durable);
  put(fields, header.previous_hash);
  CHECK(fields.size() == kFrameHeaderBytes);
  buffer.replace(0, kFrameHeaderBytes, fields);
  const std::uint64_t hash = checksum(buffer);
  put(buffer, hash);
  return hash;
}

Soundness decode(std::string_view bytes, Frame& frame) {
  if (bytes.size() < kFrameOverheadBytes || !bytes.starts_with(kFrameMagic)) return Soundness::bad;
  std::string_view fields = bytes.substr(kFrameMagic.size());
  const auto version = take<std::uint32_t>(fields);
  const auto payload_bytes = take<std::uint32_t>(fields);
  if (payload_bytes > bytes.size() - kFrameOverheadBytes) return Soundness::bad;
  std::string_view sum = bytes.substr(kFrameHeaderBytes + payload_bytes);
  frame.hash = take<std::uint64_t>(sum);
  if (frame.hash != checksum(bytes.substr(0, kFrameHeaderBytes + payload_bytes))) {
    return Soundness::bad;
  }
  if (version != kFrameVersion) return Soundness::newer;
  frame.header.batch_count = take<std::uint32_t>(fields);
  frame.header.first_sequence = take<std::uint64_t>(fields);
  frame.header.durable = take<std::uint64_t>(fields);
  frame.header.previous_hash = take<std::uint64_t>(fields);
  frame.payload = bytes.substr(kFrameHeaderBytes, payload_bytes);
  frame.bytes = kFrameOverheadBytes + payload_bytes;
  return Soundness::good;
}

std::optional<std::size_t> find_frame(std::string_view bytes, std::uint64_t durable_min) {
  for (std::size_t at = bytes.find(kFrameMagic); at != std::string_view::npos;
       at = bytes.find(kFrameMagic, at + 1)) {
    Frame frame;
    const Soundness soundness = decode(bytes.substr(at), frame);
    const bool is_later = soundness == Soundness::good && frame.header.durable >= durable_min;
    if (is_later || soundness == Soundness::newer) return at;
  }
  return std::nullopt;
}

Result<> for_each_batch(const Frame& frame, std::uint64_t after, const VisitBatch& visit) {
  Decoder decoder{frame.payload};
  std::uint64_t sequence = frame.header.first_sequence;
  for (std::uint32_t i = 0; i < frame.header.batch_count; ++i, ++sequence) {
    const std::string_view batch = TRY(decoder.view());
    if (sequence > after) TRY(visit(sequence, batch));
  }
  if (!decoder.is_at_end()) {
    return fail(ErrorCode::corrupt, "a frame holds more than its batches");
  }
  return {};
}

bool is_all_zero(std::string_view bytes) {
  return bytes.empty() || (bytes.front() == '\0' &&
                           std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

}  // namespace metergate
