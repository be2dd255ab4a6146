// Blocks of the archive of raw events. Their checksum does not protect against faults of our own.
#include "fuzz/fuzz.h"
#include "storage/archive/archive_block.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace metergate;
  const std::string_view text = fuzz::text_of(bytes, size);
  const std::size_t half = size == 0 ? 0 : bytes[0] % size;
  const auto keys = decode_keys(text.substr(0, half));
  const std::string_view rest = text.substr(half);
  static_cast<void>(decode_kinds(rest));
  if (!keys) return 0;
  const auto positions = positions_of(*keys, {});
  static_cast<void>(decode_events(*keys, rest, positions));
  static_cast<void>(check_events(keys->keys.size(), rest));
  return 0;
}
