#include "base/id.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/check.h"

namespace metergate {
namespace {

constexpr std::string_view kCrockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t kRandomBytes = 10;
constexpr std::size_t kIdsAtOnce = 25;  // getrandom() gives up to 256 bytes without a break
using RandomBytes = std::array<std::uint8_t, kRandomBytes>;

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// A system call costs more than an id, so each thread fetches random bytes for several ids at once.
RandomBytes random_bytes() {
  thread_local std::array<RandomBytes, kIdsAtOnce> kept;
  thread_local std::size_t left = 0;
  if (left == 0) {
    CHECK(::getrandom(kept.data(), sizeof kept, 0) == static_cast<ssize_t>(sizeof kept));
    left = kIdsAtOnce;
  }
  return kept[--left];
}

}  // namespace

bool is_id_syntax(std::string_view text) {
  if (text.empty() || text.size() > kIdLengthMax || !is_alphanumeric(text.front())) return false;
  return std::ranges::all_of(text, [](char c) {
    return is_alphanumeric(c) || c == '_' || c == '-' || c == '.' || c == ':';
  });
}

Result<TenantId> TenantId::parse(std::string_view text) {
  if (is_id_syntax(text)) return TenantId{std::string{text}};
  return fail(ErrorCode::invalid,
              "a tenant id has 1 to 64 characters of A-Z a-z 0-9 . _ : - and begins with a letter "
              "or digit");
}

std::string make_ulid(Timestamp at) {
  const RandomBytes random = random_bytes();
  std::string text(26, '0');
  auto ms = static_cast<std::uint64_t>(at.time_since_epoch().count());
  for (std::size_t i = 10; i-- > 0; ms >>= 5U) text[i] = kCrockford[ms & 31U];
  unsigned bits = 0;
  unsigned held = 0;
  std::size_t next = 10;
  for (const std::uint8_t byte : random) {
    held = (held << 8U) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text[next++] = kCrockford[(held >> (bits - 5)) & 31U];
  }
  return text;
}

}  // namespace metergate
