// Bytes of the journal, as a damaged disk may return them.
#include "fuzz/fuzz.h"
#include "storage/journal/journal_frame.h"
#include "storage/shapes/decided.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace metergate;
  const std::string_view text = fuzz::text_of(bytes, size);
  SegmentHeader header;
  static_cast<void>(decode(text, header));
  Frame frame;
  if (decode(text, frame) == Soundness::good)
    static_cast<void>(for_each_batch(frame, 0, [](std::uint64_t, std::string_view batch) {
      static_cast<void>(decode_batch(batch));
      return Result<>{};
    }));
  static_cast<void>(find_frame(text, 0));
  static_cast<void>(decode_batch(text));
  return 0;
}
