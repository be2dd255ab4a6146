// Looks through heads for the first byte that ends a run: sixteen at a time, in vectors that the
// compiler turns into the processor's own (SSE2, NEON), or one by one. The second way is also the
// first one's twin in tests: both find the same.
//
// Reads nothing outside of its input. Functions; any thread.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "http/words/characters.h"

namespace metergate::http {

// The bytes that make up a run: `holds` for one of them, `ends` for sixteen.
namespace runs {

using Sixteen = unsigned char __attribute__((vector_size(16)));
using Marks = signed char __attribute__((vector_size(16)));  // -1 for a byte that ends the run

// Nearly every name; token_end() looks at the other characters of a token by themselves.
struct Name {
  static bool holds(char c) { return is_alphanumeric(c) || c == '-'; }
  static Marks ends(Sixteen bytes) {
    const Sixteen letters = (bytes | 0x20) - 'a';
    const Sixteen digits = bytes - '0';
    return ~((letters < 26) | (digits < 10) | (bytes == '-'));
  }
};

// A field's value, a reason: no control character but the tab.
struct Value {
  static bool holds(char c) { return !is_control(c) || c == '\t'; }
  static Marks ends(Sixteen bytes) { return ((bytes < 0x20) & (bytes != '\t')) | (bytes == 0x7F); }
};

struct Visible {
  static bool holds(char c) { return is_visible(c); }
  static Marks ends(Sixteen bytes) { return (bytes <= 0x20) | (bytes >= 0x7F); }
};

struct NoLineFeed {
  static bool holds(char c) { return c != '\n'; }
  static Marks ends(Sixteen bytes) { return bytes == '\n'; }
};

}  // namespace runs

// The first byte of at..end that is not of the run; `end` if there is none.
template <class Run>
const char* plain_run_end(const char* at, const char* end) {
  while (at != end && Run::holds(*at)) ++at;
  return at;
}

// The place of the first mark; 16: there is none.
inline std::size_t first_of(runs::Marks marks) {
  const auto halves = std::bit_cast<std::array<std::uint64_t, 2>>(marks);
  const int at = std::countr_zero(halves[0]);
  return static_cast<std::size_t>(at < 64 ? at : 64 + std::countr_zero(halves[1])) / 8;
}

template <class Run>
const char* run_end(const char* at, const char* end) {
  if constexpr (std::endian::native == std::endian::little) {
    runs::Sixteen bytes;
    for (; static_cast<std::size_t>(end - at) >= sizeof bytes; at += sizeof bytes) {
      std::memcpy(&bytes, at, sizeof bytes);
      const std::size_t first = first_of(Run::ends(bytes));
      if (first < sizeof bytes) return at + first;
    }
  }
  return plain_run_end<Run>(at, end);
}

// The end of the token that begins at `at`.
inline const char* token_end(const char* at, const char* end) {
  at = run_end<runs::Name>(at, end);
  while (at != end && is_token_character(*at)) at = run_end<runs::Name>(at + 1, end);
  return at;
}

// The place behind the first CR LF CR LF that begins at `from` or later; npos: there is none yet.
inline std::size_t find_head_end(std::string_view bytes, std::size_t from) {
  constexpr std::string_view kEnd = "\r\n\r\n";
  const char* const begin = bytes.data();
  const char* const end = begin + bytes.size();
  // The search stops at line feeds; the last one of the four bytes has the other three before it.
  for (const char* at = begin + from; true; ++at) {
    at = run_end<runs::NoLineFeed>(at, end);
    if (at == end) return std::string_view::npos;
    const auto behind = static_cast<std::size_t>(at + 1 - begin);
    if (behind >= from + kEnd.size() && std::memcmp(at - 3, kEnd.data(), kEnd.size()) == 0)
      return behind;
  }
}

}  // namespace metergate::http
