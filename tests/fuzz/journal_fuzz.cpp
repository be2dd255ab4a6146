// Bytes of the journal, as a damaged disk may give them back: as they are, and as what a frame with
// a right checksum holds. A batch that is read is written and read again as the same one.
#include "fuzz/fuzz.h"
#include "storage/journal/journal_frame.h"
#include "storage/shapes/decided.h"

namespace metergate::fuzz {
namespace {

void read_batch(std::string_view bytes) {
  const auto batch = decode_batch(bytes);
  if (!batch) return;
  const std::string written = encode(*batch, EncodedEvents{batch->events});
  const auto again = decode_batch(written);
  claim(again && again->events == batch->events);
  claim(encode(*again, EncodedEvents{again->events}) == written);
}

void read_frame(std::string_view bytes) {
  Frame frame;
  if (decode(bytes, frame) != Soundness::good) return;
  claim(frame.bytes <= bytes.size());
  static_cast<void>(for_each_batch(frame, 0, [](std::uint64_t, std::string_view batch) {
    read_batch(batch);
    return Result<>{};
  }));
}

// The first byte says how many batches the frame has.
void read_payload(std::string_view bytes) {
  if (bytes.empty()) return;
  std::string frame;
  begin_frame(frame);
  frame += bytes.substr(1);
  finish_frame(frame, {.first_sequence = 1, .batch_count = static_cast<unsigned char>(bytes[0])});
  read_frame(frame);
}

}  // namespace
}  // namespace metergate::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace metergate;
  const std::string_view text = fuzz::text_of(bytes, size);
  SegmentHeader header;
  if (decode(text, header) == Soundness::good) fuzz::claim(text.starts_with(encode(header)));
  static_cast<void>(find_frame(text, 0));
  fuzz::read_frame(text);
  fuzz::read_payload(text);
  fuzz::read_batch(text);
  return 0;
}
