#include "base/utf8.h"

#include <cstddef>
#include <cstdint>

namespace metergate {
namespace {

// The length of the well-formed sequence that begins at `at`; 0 if there is none.
std::size_t sequence_size(std::string_view bytes, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return at + i < bytes.size() ? static_cast<std::uint8_t>(bytes[at + i]) : std::uint8_t{0};
  };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const std::uint8_t lead = byte(0);
  const std::uint8_t next = byte(1);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return follows(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    if (lead == 0xE0 && next < 0xA0) return 0;  // overlong
    if (lead == 0xED && next > 0x9F) return 0;  // a surrogate
    return follows(1) && follows(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    if (lead == 0xF0 && next < 0x90) return 0;  // overlong
    if (lead == 0xF4 && next > 0x8F) return 0;  // past U+10FFFF
    return follows(1) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

bool is_well_formed_utf8(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t size = sequence_size(bytes, at);
    if (size == 0) return false;
    at += size;
  }
  return true;
}

}  // namespace metergate
