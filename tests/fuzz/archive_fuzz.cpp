// Blocks of the archive of raw events, whose checksum does not protect against our own mistakes:
// the length of the keys in two bytes, the keys, the rest. What the check lets pass can be read.
#include "fuzz/fuzz.h"
#include "storage/archive/archive_block.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace metergate;
  if (size < 2) return 0;
  const std::string_view text = fuzz::text_of(bytes + 2, size - 2);
  const std::size_t length = std::min(text.size(), bytes[0] + std::size_t{256} * bytes[1]);
  const std::string_view rest = text.substr(length);
  static_cast<void>(decode_kinds(rest));
  const auto keys = decode_keys(text.substr(0, length));
  if (!keys) return 0;
  const auto positions = positions_of(*keys, {std::nullopt, {Timestamp::min(), Timestamp::max()}});
  const auto events = decode_events(*keys, rest, positions);
  if (events) fuzz::claim(events->size() == positions.size());
  fuzz::claim(!check_events(keys->keys.size(), rest) || events ||
              positions.size() < keys->keys.size());
  return 0;
}
